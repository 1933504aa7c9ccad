import { createHash } from 'node:crypto';
import { chainStart, linkOf, type ChainedTable, type ChainEnd } from '@holdpoint/core';
import type { ClickHouse } from '@holdpoint/platform';
import { identityOf } from '../spool/spooled.ts';

/** Where rows end up. Storing the same rows again stores nothing: the API server re-sends, and so do we after a crash. */
export interface AuditStore {
  /** @param lines as `toRowLine` makes them */
  storeEvents(lines: readonly string[]): Promise<void>;
  storeRecordings(lines: readonly string[]): Promise<void>;
}

/** @param store the only writer of these tables: the chain's end is kept here, and read anew after a failure */
export function createAuditStore(store: ClickHouse): AuditStore {
  let end: ChainEnd | undefined;
  return {
    async storeEvents(lines) {
      const fresh = await withoutStored(store, 'audit_events', 'event_time', lines);
      if (fresh.length === 0) return;
      end ??= await readChainEnd(store);
      let { sequence, chain } = end;
      const placed = fresh.map((line) => {
        sequence += 1;
        const place = { sequence, sink: '', stored_at: '1970-01-01 00:00:00.000' };
        chain = linkOf(chain, place, line, sha256);
        return `${JSON.stringify({ ...place, chain }).slice(0, -1)},${line.slice(1)}`;
      });
      end = undefined; // Unknown until the insert is through: it may have happened although it failed.
      await store.insert('audit_events', placed.join('\n'));
      end = { sequence, chain };
    },
    async storeRecordings(lines) {
      const fresh = await withoutStored(store, 'recordings', 'started_at', lines);
      if (fresh.length > 0) await store.insert('recordings', fresh.join('\n'));
    },
  };
}

/** A statement may be 256 KiB long (max_query_size), and a hash takes 68 characters of it. */
const hashesAStatement = 2_000;

/**
 * Leaves out what is stored already, and what comes twice among these. An event sent again has the same time, so only what
 * lies between the first and the last of these is looked at.
 */
async function withoutStored(
  store: ClickHouse,
  table: ChainedTable,
  timeColumn: 'event_time' | 'started_at',
  lines: readonly string[],
): Promise<string[]> {
  const rows = lines.map((line) => ({ line, ...identityOf(line) }));
  const seen = new Set<string>();
  for (let start = 0; start < rows.length; start += hashesAStatement) {
    const some = rows.slice(start, start + hashesAStatement);
    const times = some.map(({ time }) => time).sort();
    const hashes = some.map(({ hash }) => quote(hash)).join(', ');
    const at = (time: string | undefined): string => `toDateTime64(${quote(time ?? '')}, 6, 'UTC')`;
    const stored = await store.query<{ hash: string }>(
      `SELECT DISTINCT event_hash AS hash FROM ${table}
       WHERE ${timeColumn} >= ${at(times[0])} AND ${timeColumn} <= ${at(times.at(-1))} AND event_hash IN (${hashes})`,
    );
    for (const { hash } of stored) seen.add(hash);
  }
  return rows.filter(({ hash }) => isNew(seen, hash)).map(({ line }) => line);
}

async function readChainEnd(store: ClickHouse): Promise<ChainEnd> {
  const [last] = await store.query<{ sequence: string; chain: string }>(
    'SELECT toString(sequence) AS sequence, chain FROM audit_events ORDER BY audit_events.sequence DESC LIMIT 1',
  );
  return last === undefined ? chainStart : { sequence: Number(last.sequence), chain: last.chain };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/** A ClickHouse string literal. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
