import type { ChainedTable } from '@holdpoint/core';
import type { ClickHouse } from '@holdpoint/platform';
import { renderStatement } from './render.ts';

const tables: readonly ChainedTable[] = ['audit_events', 'recordings'];

/**
 * Has the store keep rows for so many days after the day they were stored on, and drop whole days then; 0: for ever. Changes
 * only what is not so already, because each change makes the store look through all it has.
 */
export async function applyRetention(store: ClickHouse, days: number, cluster: string | undefined): Promise<void> {
  for (const table of tables) {
    const name = cluster === undefined ? table : `${table}_local`;
    const [found] = await store.query<{ days: string }>(
      `SELECT extract(create_table_query, 'TTL toDate\\\\(stored_at\\\\) \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)') AS days
       FROM system.tables WHERE database = currentDatabase() AND name = '${name}'`,
    );
    if (Number(found?.days ?? 0) === days) continue;
    const change = days === 0 ? 'REMOVE TTL' : `MODIFY TTL toDate(stored_at) + INTERVAL ${String(days)} DAY`;
    for (const statement of renderStatement(`ALTER TABLE ${table} ${change}`, cluster)) await store.command(statement);
  }
}
