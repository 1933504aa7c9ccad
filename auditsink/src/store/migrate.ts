import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouse } from '@holdpoint/platform';

const folder = join(import.meta.dirname, '..', 'migrations');

/** Runs the numbered migrations that have not run yet, in order, each remembered as soon as it is through. */
export async function migrate(store: ClickHouse): Promise<void> {
  await store.command(
    'CREATE TABLE IF NOT EXISTS migrations (name String, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY name',
  );
  const done = new Set((await store.query<{ name: string }>('SELECT name FROM migrations')).map(({ name }) => name));
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  for (const name of names) {
    if (done.has(name)) continue;
    // A statement ends with a semicolon at the end of a line; each can be run twice without harm.
    for (const statement of readFileSync(join(folder, name), 'utf8').split(/;\s*$/m)) {
      if (statement.trim() !== '') await store.command(statement);
    }
    await store.insert('migrations', JSON.stringify({ name }));
  }
}
