import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  HoldpointError,
  chainStart,
  checkpointText,
  emptyRow,
  linkOf,
  toRowLine,
  type AuditRow,
  type Checkpoint,
  type ChainFinding,
} from '@holdpoint/core';
import { createStyle } from '../output/style.ts';
import type { SqlClient } from './sql-client.ts';
import { meaningOf, printVerification, readPublicKey, verifyStore } from './verify.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type Stored = AuditRow & { sequence: number; sink: string; stored_at: string; chain: string };

/** As the store answers them. */
function stored(count: number): Stored[] {
  const rows: Stored[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const row: AuditRow = { ...emptyRow, event_hash: sha256(String(sequence)), username: 'bot' };
    const place = { sequence, sink: 'sink-0', stored_at: '2026-05-04 10:00:00.000' };
    rows.push({
      ...row,
      ...place,
      chain: linkOf(rows.at(-1)?.chain ?? chainStart.chain, place, toRowLine(row), sha256),
    });
  }
  return rows;
}

function checkpointAt(row: Stored): Checkpoint {
  const { sequence, sink, stored_at, chain } = row;
  const stated = { table_name: 'audit_events' as const, sequence, sink, stored_at, chain, retention_days: 0 };
  return { ...stated, signature: sign(null, Buffer.from(checkpointText(stated)), privateKey).toString('base64') };
}

interface Store {
  /** Longer answers are refused. */
  mostRows?: number;
  rows?: readonly Stored[];
  checkpoints?: readonly Checkpoint[];
  completeness?: object[];
}

function sqlOf({ rows = [], checkpoints = [], completeness, mostRows = Infinity }: Store): SqlClient {
  const answer = (statement: string): object[] => {
    if (statement.includes('system.tables')) return [{ found: completeness === undefined ? 0 : 1 }];
    if (statement.includes('FROM completeness')) return completeness ?? [];
    if (statement.includes('DISTINCT sink')) {
      return checkpoints.some(() => true) ? [{ sink: 'sink-0' }] : [];
    }
    if (statement.includes('FROM checkpoints')) return statement.includes("'audit_events'") ? [...checkpoints] : [];
    if (statement.includes('FROM recordings')) return [];
    const sequences = rows.map(({ sequence }) => sequence);
    if (statement.includes('GROUP BY sink')) {
      return rows.length === 0
        ? []
        : [{ sink: 'sink-0', first: Math.min(...sequences), last: String(Math.max(...sequences)) }];
    }
    const [, after = '', upTo = ''] = /sequence > (\d+) AND sequence <= (\d+)/.exec(statement) ?? [];
    const found = rows.filter(({ sequence }) => sequence > Number(after) && sequence <= Number(upTo));
    if (found.length > mostRows) throw new HoldpointError('ERR_QUERY_REFUSED', 'the answer is too long');
    return found;
  };
  return {
    stream: () => {
      throw new Error('not asked for');
    },
    rows: async <Row>(statement: string) => answer(statement) as Row[],
  };
}

const nowMs = Date.parse('2026-05-05T00:00:00Z');
const rows = stored(450);
const last = rows.at(-1);
const checkpoints = [rows[99], last].flatMap((row) => (row === undefined ? [] : [checkpointAt(row)]));
const altered = (place: number): Stored[] =>
  rows.map((row) => (row.sequence === place ? { ...row, username: 'x' } : row));

describe('what is found', () => {
  test.each<{ situation: string; store: Store; want: ChainFinding[] }>([
    { situation: 'nothing', store: { rows, checkpoints }, want: [] },
    { situation: 'nothing, where long answers are refused', store: { rows, checkpoints, mostRows: 40 }, want: [] },
    {
      situation: 'a row changed',
      store: { rows: altered(250), checkpoints },
      want: [{ type: 'Changed', sequence: 250 }],
    },
    {
      situation: 'rows removed, over the edge of a range',
      store: { mostRows: 40, rows: rows.filter(({ sequence }) => sequence < 195 || sequence > 205), checkpoints },
      want: [{ type: 'Removed', sequence: 195, upTo: 205 }],
    },
    {
      situation: 'the end cut off',
      store: { rows: rows.slice(0, 300), checkpoints },
      want: [{ type: 'CutOff', sequence: 301, upTo: 450 }],
    },
    {
      situation: 'everything removed: the checkpoints tell',
      store: { checkpoints },
      want: [{ type: 'CutOff', sequence: 1, upTo: 450 }],
    },
    {
      situation: 'a checkpoint of somebody else',
      store: { rows, checkpoints: checkpoints.map((each) => ({ ...each, signature: 'bm90IGl0' })) },
      want: [
        { type: 'BadSignature', sequence: 100 },
        { type: 'BadSignature', sequence: 450 },
      ],
    },
  ])('$situation', async ({ store, want }) => {
    const { chains, findings } = await verifyStore({ sql: sqlOf(store), nowMs, publicKey });
    expect(chains.flatMap((chain) => chain.findings)).toEqual(want);
    expect(findings).toBe(want.length);
  });
});

describe('what is printed', () => {
  const printed = async (store: Store, key = true): Promise<string> =>
    printVerification(
      await verifyStore({ sql: sqlOf(store), nowMs, ...(key ? { publicKey } : {}) }),
      createStyle(false),
    );
  test.each<{ situation: string; store: Store; key?: boolean; want: RegExp[] }>([
    {
      situation: 'intact, its checkpoints signed',
      store: { rows, checkpoints },
      want: [/audit_events +sink-0 +450 +1–450 +2026-05-04 10:00:00 .* 2 signed/, /The record is as it was written\./],
    },
    {
      situation: 'without a key: what that is worth is said',
      store: { rows, checkpoints },
      key: false,
      want: [/2, signatures not checked/, /check their signatures with --public-key/],
    },
    {
      situation: 'changed',
      store: { rows: altered(7) },
      want: [/audit_events of sink-0: row 7 was changed/, /^1 finding\.$/m],
    },
    { situation: 'an empty store', store: {}, want: [/^Nothing is on record\.$/] },
    { situation: 'a store that tells nothing of completeness', store: { rows }, want: [/has no view "completeness"/] },
    { situation: 'no counters', store: { rows, completeness: [] }, want: [/no API server was asked/] },
    {
      situation: 'events that never came',
      store: {
        rows,
        completeness: [
          {
            ...{ sink: 'sink-0', window_start: '2026-05-04 10:00:00', window_end: '2026-05-04 10:01:00' },
            ...{ apiserver: 'master\u001b]0;x\u0007', apiserver_events: '10', apiserver_errors: '3', received: '7' },
            ...{ missing: '3', possible: 1, verdict: 'lost' },
          },
        ],
      },
      want: [
        /1 windows, 7 events received, 3 missing/,
        /10:00:00 to 2026-05-04 10:01:00 master�.*: 3 missing, 3 not delivered: lost/,
      ],
    },
  ])('$situation', async ({ store, key, want }) => {
    const text = await printed(store, key);
    for (const part of want) expect(text).toMatch(part);
  });
});

test('a store that refuses even one row could not be checked', async () => {
  await expect(verifyStore({ sql: sqlOf({ rows, mostRows: 0 }), nowMs })).rejects.toThrow('too long');
});

test('every kind of finding has its words', () => {
  const types = ['Changed', 'Removed', 'Doubled', 'CutOff', 'CheckpointMissed', 'BadSignature'] as const;
  const words = types.map((type) => meaningOf({ type, sequence: 5, upTo: 9 }));
  expect(new Set(words).size).toBe(types.length);
  for (const text of words) expect(text).toContain('5');
});

test.each([
  { situation: 'no such file', content: undefined },
  { situation: 'no key', content: 'not a key' },
  {
    situation: 'another kind of key',
    content: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
  },
])('--public-key: $situation', ({ content }) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-key-'));
  const file = join(folder, 'key.pem');
  if (content !== undefined) writeFileSync(file, content);
  expect(() => readPublicKey(file)).toThrow(HoldpointError);
  rmSync(folder, { recursive: true });
});
