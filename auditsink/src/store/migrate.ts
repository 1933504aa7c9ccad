import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import type { ClickHouse } from '@holdpoint/platform';
import { renderStatement } from './render.ts';
import { sha256 } from '../sha256.ts';

export interface Migration {
  /** Its file's name: they run in the order of these. */
  name: string;
  sql: string;
}

const folder = join(import.meta.dirname, '..', 'migrations');

/** Those that this version ships. */
export function readMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
}

/**
 * Runs the numbered migrations that have not run yet, in order, each remembered, with its checksum, as soon as it is
 * through. Each statement can be run twice without harm. Views are code, not state: where they changed they are made anew.
 *
 * @throws HoldpointError ERR_STORE_NEWER when a newer version has been here; ERR_STORE_CHANGED when a migration that has run
 *   is not the one that we ship. Nothing was changed then.
 */
export async function migrate(
  store: ClickHouse,
  { cluster, migrations = readMigrations() }: { cluster?: string | undefined; migrations?: readonly Migration[] } = {},
): Promise<void> {
  const run = async (statement: string): Promise<void> => {
    for (const each of renderStatement(statement, cluster)) await store.command(each);
  };
  await run(
    `CREATE TABLE IF NOT EXISTS migrations (name String, checksum FixedString(64), at DateTime64(6) DEFAULT now64(6))
     ENGINE = MergeTree ORDER BY (name, at) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  );
  const rows = await store.query<{ name: string; checksum: string }>(
    'SELECT name, argMax(checksum, at) AS checksum FROM migrations GROUP BY name',
  );
  const done = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  refuseForeign(done, migrations);
  for (const { name, sql } of migrations) {
    if (done.get(name) === sha256(sql)) continue;
    // A statement ends with a semicolon at the end of a line.
    for (const statement of sql.split(/;\s*$/m)) await run(statement);
    await store.insert('migrations', JSON.stringify({ name, checksum: sha256(sql) }));
  }
}

function refuseForeign(done: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const ours = new Map(migrations.map(({ name, sql }) => [name, sha256(sql)]));
  const unknown = [...done.keys()].filter((name) => !ours.has(name)).sort();
  if (unknown.length > 0) {
    throw new HoldpointError(
      'ERR_STORE_NEWER',
      `the store has ${unknown.join(', ')}, which this version does not know; use the version that made it, or a newer one`,
      { details: { migrations: unknown } },
    );
  }
  const changed = [...done].filter(([name, sum]) => !isView(name) && ours.get(name) !== sum).map(([name]) => name);
  if (changed.length > 0) {
    throw new HoldpointError(
      'ERR_STORE_CHANGED',
      `the store has run another ${changed.sort().join(', ')} than this version ships; use the version that did`,
      { details: { migrations: changed } },
    );
  }
}

function isView(name: string): boolean {
  return name.endsWith('-views.sql');
}
