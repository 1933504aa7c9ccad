import { describe, expect, test } from '@jest/globals';
import type { ClickHouse } from '@holdpoint/platform';
import { migrate, type Migration } from './migrate.ts';
import { sha256 } from '../sha256.ts';

const tables: Migration = {
  name: '0001-tables.sql',
  sql: 'CREATE TABLE IF NOT EXISTS a;\nCREATE TABLE IF NOT EXISTS b;\n',
};
const views: Migration = { name: '0002-views.sql', sql: 'CREATE OR REPLACE VIEW v AS SELECT 1;\n' };
const more: Migration = { name: '0003-more.sql', sql: 'ALTER TABLE a ADD COLUMN IF NOT EXISTS c Int8' };

/** A store that remembers what it was told, and its migrations. */
function fakeClickHouse(done: readonly Migration[] = []) {
  const statements: string[] = [];
  const rows = done.map(({ name, sql }) => ({ name, checksum: sha256(sql) }));
  const faults = new Set<string>();
  const clickHouse: ClickHouse = {
    command(statement) {
      if (faults.delete(statement)) return Promise.reject(new Error('connection reset'));
      if (!statement.includes('EXISTS migrations')) statements.push(statement.trim());
      return Promise.resolve();
    },
    insert(_table, lines) {
      rows.push(JSON.parse(lines) as (typeof rows)[number]);
      return Promise.resolve();
    },
    query: <Row>() => Promise.resolve([...new Map(rows.map((row) => [row.name, row])).values()] as Row[]),
    close: () => Promise.resolve(),
  };
  return { clickHouse, statements, rows, faults };
}

describe('migrations', () => {
  test.each<{ situation: string; done: Migration[]; shipped: Migration[]; want: string[] }>([
    {
      situation: 'a new store has all of them, in order',
      done: [],
      shipped: [tables, views, more],
      want: [
        'CREATE TABLE IF NOT EXISTS a',
        'CREATE TABLE IF NOT EXISTS b',
        'CREATE OR REPLACE VIEW v AS SELECT 1',
        'ALTER TABLE a ADD COLUMN IF NOT EXISTS c Int8',
      ],
    },
    { situation: 'what has run does not run again', done: [tables, views], shipped: [tables, views], want: [] },
    { situation: 'a new one', done: [tables, views], shipped: [tables, views, more], want: [more.sql] },
    {
      situation: 'views that changed are made anew',
      done: [tables, { ...views, sql: 'CREATE OR REPLACE VIEW v AS SELECT 0' }],
      shipped: [tables, views],
      want: ['CREATE OR REPLACE VIEW v AS SELECT 1'],
    },
  ])('$situation', async ({ done, shipped, want }) => {
    const { clickHouse, statements, rows } = fakeClickHouse(done);
    await migrate(clickHouse, { migrations: shipped });
    expect(statements).toEqual(want);
    statements.length = 0;
    await migrate(clickHouse, { migrations: shipped });
    expect(statements).toEqual([]);
    expect(rows.at(-1)).toEqual({ name: shipped.at(-1)?.name, checksum: sha256(shipped.at(-1)?.sql ?? '') });
  });

  test.each<{ situation: string; done: Migration[]; want: object }>([
    {
      situation: 'a newer version was here',
      done: [tables, views, more],
      want: { code: 'ERR_STORE_NEWER', details: { migrations: ['0003-more.sql'] } },
    },
    {
      situation: 'a newer version was here, and knows other views',
      done: [tables, { ...views, sql: 'CREATE OR REPLACE VIEW v AS SELECT 2' }, more],
      want: { code: 'ERR_STORE_NEWER' },
    },
    {
      situation: 'a table migration that has run is not ours',
      done: [{ ...tables, sql: 'CREATE TABLE IF NOT EXISTS z' }, views],
      want: { code: 'ERR_STORE_CHANGED', details: { migrations: ['0001-tables.sql'] } },
    },
  ])('$situation: refused, and nothing is changed', async ({ done, want }) => {
    const { clickHouse, statements } = fakeClickHouse(done);
    await expect(migrate(clickHouse, { migrations: [tables, views] })).rejects.toMatchObject(want);
    expect(statements).toEqual([]);
  });

  test('interrupted in the middle of one: all of its statements are run again', async () => {
    const { clickHouse, statements, faults } = fakeClickHouse();
    faults.add('CREATE TABLE IF NOT EXISTS b');
    await expect(migrate(clickHouse, { migrations: [tables] })).rejects.toThrow('connection reset');
    await migrate(clickHouse, { migrations: [tables] });
    expect(statements).toEqual([
      'CREATE TABLE IF NOT EXISTS a',
      'CREATE TABLE IF NOT EXISTS a',
      'CREATE TABLE IF NOT EXISTS b',
    ]);
  });
});
