import { describe, expect, test } from '@jest/globals';
import { readMigrations } from './migrate.ts';
import { renderStatement } from './render.ts';

const replicated = "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')";

describe('a statement for a cluster', () => {
  test.each([
    {
      situation: 'a table of rows becomes a replicated one, and one in front of it, sharded by sink',
      statement:
        'CREATE TABLE IF NOT EXISTS t\n(\n    sink String\n)\nENGINE = MergeTree\n-- ENGINE = Null\nORDER BY sink\nSETTINGS non_replicated_deduplication_window = 9',
      want: [
        `CREATE TABLE IF NOT EXISTS t_local ON CLUSTER 'main'\n(\n    sink String\n)\n${replicated}\nORDER BY sink\nSETTINGS replicated_deduplication_window = 9`,
        "CREATE TABLE IF NOT EXISTS t ON CLUSTER 'main' AS t_local ENGINE = Distributed('main', currentDatabase(), 't_local', cityHash64(sink))",
      ],
    },
    {
      situation: 'a table without a sink is spread by its name',
      statement: 'CREATE TABLE IF NOT EXISTS migrations (name String) ENGINE = MergeTree ORDER BY name',
      want: [
        `CREATE TABLE IF NOT EXISTS migrations_local ON CLUSTER 'main' (name String) ${replicated} ORDER BY name`,
        "CREATE TABLE IF NOT EXISTS migrations ON CLUSTER 'main' AS migrations_local ENGINE = Distributed('main', currentDatabase(), 'migrations_local', cityHash64(name))",
      ],
    },
    {
      situation: 'a table that keeps nothing',
      statement: '-- Why.\nCREATE TABLE IF NOT EXISTS t_trial AS t ENGINE = Null',
      want: ["CREATE TABLE IF NOT EXISTS t_trial ON CLUSTER 'main' AS t ENGINE = Null"],
    },
    {
      situation: 'a view reads the table in front',
      statement: 'CREATE OR REPLACE VIEW v AS\nSELECT a AS b FROM t',
      want: ["CREATE OR REPLACE VIEW v ON CLUSTER 'main' AS\nSELECT a AS b FROM t"],
    },
    {
      situation: 'a change is one of the table behind',
      statement: 'ALTER TABLE t REMOVE TTL',
      want: ["ALTER TABLE t_local ON CLUSTER 'main' REMOVE TTL"],
    },
    { situation: 'nothing', statement: ' \n', want: [] },
  ])('$situation', ({ statement, want }) => {
    expect(renderStatement(statement, 'main')).toEqual(want);
  });

  test('one that there is no rule for is refused', () => {
    expect(() => renderStatement('DROP TABLE t', 'main')).toThrow('DROP TABLE t');
  });

  test('every statement of ours has a rule, and no plain MergeTree is left', () => {
    const statements = readMigrations()
      .flatMap(({ sql }) => sql.split(/;\s*$/m))
      .filter((statement) => statement.trim() !== '');
    const rendered = statements.flatMap((statement) => renderStatement(statement, 'main'));
    expect(rendered.length).toBeGreaterThan(statements.length);
    expect(rendered.filter((statement) => !statement.includes("ON CLUSTER 'main'"))).toEqual([]);
    expect(rendered.filter((statement) => /ENGINE = MergeTree|\bnon_replicated/.test(statement))).toEqual([]);
    const distributed = rendered.flatMap(
      (statement) => /Distributed\(.*'(\w+)_local', (.*)\)$/.exec(statement)?.slice(1) ?? [],
    );
    expect(distributed).toEqual(
      ['audit_events', 'recordings', 'checkpoints', 'apiserver_counters'].flatMap((name) => [name, 'cityHash64(sink)']),
    );
  });
});

test('a statement for one server stays as it is', () => {
  const statement = 'CREATE TABLE IF NOT EXISTS t (a Int8) -- why\nENGINE = MergeTree ORDER BY a';
  expect(renderStatement(`\n${statement}\n`, undefined)).toEqual([statement]);
});
