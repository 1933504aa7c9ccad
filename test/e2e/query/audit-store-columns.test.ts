import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';
import { createAuditSink, type AuditSink } from '../../src/audit-sink.ts';

const page = readFileSync(inRepository('docs', 'reference', 'audit-store.md'), 'utf8');

function namesIn(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
}

/** What the page says, by table: a table's columns in the first cells of its rows, a view's in the last cell of its row. */
function documented(): Record<string, string[]> {
  const [tables = '', views = ''] = page.split('\n## Views\n');
  const ofTables = [...tables.matchAll(/^### `(\w+)`\n([^]*?)(?=^### |(?![^]))/gm)].map(([, name = '', text = '']) => {
    const cells = [...text.matchAll(/^\| ([^|]*)\|/gm)].map(([, cell = '']) => cell);
    return [name, namesIn(cells.join(' '))] as const;
  });
  const ofViews = [...views.matchAll(/^\| `(\w+)` *\|[^|]*\|([^|]*)\|$/gm)].map(
    ([, name = '', cell = '']) => [name, namesIn(cell)] as const,
  );
  return Object.fromEntries([...ofTables, ...ofViews]);
}

/** Of views that have some. */
const parameters: Readonly<Record<string, string>> = { completeness_since: "since = '2026-05-04 10:00:00.000'" };

describe('docs/reference/audit-store.md', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  test('has every table and view of the store, and no other', async () => {
    // In those that end so the store tries lines that it was refused; they keep nothing.
    const names = (await sink.sql('SHOW TABLES')).split('\n').filter((name) => !name.endsWith('_trial'));
    expect(Object.keys(documented()).sort()).toEqual(names.sort());
  });

  test.each(Object.keys(documented()))('has every column of %s, and no other', async (name) => {
    const source = parameters[name] === undefined ? name : `(SELECT * FROM ${name}(${parameters[name]}))`;
    const columns = (await sink.sql(`DESCRIBE ${source}`)).split('\n').map((line) => line.split('\t')[0]);
    expect(documented()[name]?.sort()).toEqual(columns.sort());
  });
});
