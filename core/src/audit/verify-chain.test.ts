import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { chainStart, checkpointText, linkOf, type Checkpoint } from './chain.ts';
import { toChainedRow, type ChainedRow } from './chained-rows.ts';
import { parseRecordings } from './recording.ts';
import { toRowLine } from './row-line.ts';
import { createChainVerifier, type ChainFinding } from './verify-chain.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const key = 'the key';
const signatureOf = (text: string): string => sha256(`${key}\n${text}`);
const isSigned = (text: string, signature: string): boolean => signature === signatureOf(text);

/** Twelve rows, three a day from the first of May; chained as the sink chains them. */
const dayOf = (sequence: number): number => Math.ceil(sequence / 3);
const timeOf = (sequence: number): string => `2026-05-0${String(dayOf(sequence))} 10:00:00.000`;

function chained(from = 1, previous = chainStart.chain, text = 'row'): ChainedRow[] {
  const rows: ChainedRow[] = [];
  for (let sequence = from; sequence <= 12; sequence += 1) {
    const place = { sequence, sink: 's', stored_at: timeOf(sequence) };
    const line = JSON.stringify({ text: `${text} ${String(sequence)}` });
    rows.push({ ...place, line, chain: linkOf(rows.at(-1)?.chain ?? previous, place, line, sha256) });
  }
  return rows;
}
const rows = chained();
const chainAt = (sequence: number): string => rows[sequence - 1]?.chain ?? '';

function checkpoint(sequence: number, more: Partial<Checkpoint> = {}): Checkpoint {
  const stated = {
    table_name: 'audit_events' as const,
    sink: 's',
    sequence,
    chain: chainAt(sequence),
    stored_at: timeOf(sequence),
    retention_days: 0,
    ...more,
  };
  return { ...stated, signature: more.signature ?? signatureOf(checkpointText(stated)) };
}
/** One at each day's end, as a sink writes them. */
const daily = (retentionDays: number): Checkpoint[] =>
  [3, 6, 9, 12].map((sequence) => checkpoint(sequence, { retention_days: retentionDays }));

const verified = (given: readonly ChainedRow[], checkpoints: readonly Checkpoint[], now: string) => {
  const verifier = createChainVerifier({ table: 'audit_events', sink: 's', checkpoints, now, sha256, isSigned });
  for (const row of given) verifier.row(row);
  return verifier.end();
};
const without = (from: number, to: number): ChainedRow[] =>
  rows.filter(({ sequence }) => sequence < from || sequence > to);
const changed = (sequence: number, more: Partial<ChainedRow>): ChainedRow[] =>
  rows.map((row) => (row.sequence === sequence ? { ...row, ...more } : row));
const evening = '2026-05-04 20:00:00.000';

describe('the chain verifier', () => {
  test('a whole chain: nothing is found, and its end is told', () => {
    expect(verified(rows, daily(0), evening)).toEqual({
      table: 'audit_events',
      sink: 's',
      rows: 12,
      first: 1,
      last: 12,
      chain: chainAt(12),
      expired: 0,
      checkpoints: 4,
      signed: 4,
      findingCount: 0,
      findings: [],
    });
  });

  test('no rows and no checkpoints: nothing is found', () => {
    expect(verified([], [], evening)).toMatchObject({ rows: 0, first: 0, last: 0, findingCount: 0 });
  });

  test.each<{
    situation: string;
    given: readonly ChainedRow[];
    checkpoints?: Checkpoint[];
    want: ChainFinding[];
  }>([
    {
      situation: 'a column of one row changed',
      given: changed(5, { line: '{"text":"nothing happened"}' }),
      want: [{ type: 'Changed', sequence: 5 }],
    },
    {
      situation: 'the time of storing changed',
      given: changed(5, { stored_at: '2026-05-01 00:00:00.000' }),
      want: [{ type: 'Changed', sequence: 5 }],
    },
    {
      situation: 'a link changed: the row and the one behind it do not follow',
      given: changed(5, { chain: 'f'.repeat(64) }),
      want: [
        { type: 'Changed', sequence: 5 },
        { type: 'Changed', sequence: 6 },
      ],
    },
    {
      situation: 'a row changed and its link made to fit',
      given: rows.map((row) =>
        row.sequence === 5 ? { ...row, line: '{}', chain: linkOf(chainAt(4), row, '{}', sha256) } : row,
      ),
      want: [{ type: 'Changed', sequence: 6 }],
    },
    {
      situation: 'a row removed',
      given: without(5, 5),
      want: [{ type: 'Removed', sequence: 5, upTo: 5 }],
    },
    {
      situation: 'rows removed, a checkpoint among them',
      given: without(5, 8),
      want: [{ type: 'Removed', sequence: 5, upTo: 8 }],
    },
    {
      situation: 'a row removed and those behind it numbered anew',
      given: [...rows.slice(0, 4), ...rows.slice(5).map((row) => ({ ...row, sequence: row.sequence - 1 }))],
      // The first row that was moved, the checkpoints that the moved rows do not meet, and the end that is not there.
      want: [5, 6, 7, 8, 9, 10, 11]
        .flatMap((sequence): ChainFinding[] => [
          { type: 'Changed', sequence },
          ...(sequence % 3 === 0 ? [{ type: 'CheckpointMissed' as const, sequence }] : []),
        ])
        .concat({ type: 'CutOff', sequence: 12, upTo: 12 }),
    },
    {
      situation: 'a row stored twice',
      given: [...rows.slice(0, 5), ...rows.slice(4)],
      want: [{ type: 'Doubled', sequence: 5 }],
    },
    {
      situation: 'a row inserted at a place that is taken',
      given: [...rows.slice(0, 5), { ...(rows[4] as ChainedRow), line: '{"text":"forged"}' }, ...rows.slice(5)],
      want: [{ type: 'Doubled', sequence: 5 }],
    },
    {
      situation: 'everything from a row on written anew, links and all: it misses the next checkpoints',
      given: [...rows.slice(0, 4), ...chained(5, chainAt(4), 'forged')],
      want: [6, 9, 12].map((sequence) => ({ type: 'CheckpointMissed', sequence })),
    },
    {
      situation: 'written anew, with checkpoints to fit, but without the key',
      given: chained(1, chainStart.chain, 'forged'),
      checkpoints: [
        checkpoint(12, {
          chain: chained(1, chainStart.chain, 'forged').at(-1)?.chain ?? '',
          signature: 'forged',
        }),
      ],
      want: [{ type: 'BadSignature', sequence: 12 }],
    },
    {
      situation: 'the end cut off',
      given: without(11, 12),
      want: [{ type: 'CutOff', sequence: 11, upTo: 12 }],
    },
    { situation: 'every row gone', given: [], want: [{ type: 'CutOff', sequence: 1, upTo: 12 }] },
    {
      situation: 'the beginning cut off without a retention',
      given: without(1, 3),
      want: [{ type: 'Removed', sequence: 1, upTo: 3 }],
    },
    {
      situation: 'the beginning cut off, and a checkpoint that says it was retention, without the key',
      given: without(1, 3),
      checkpoints: [
        ...daily(0),
        checkpoint(1, { stored_at: '2026-01-01 00:00:00.000', retention_days: 1, signature: 'x' }),
      ],
      want: [
        { type: 'BadSignature', sequence: 1 },
        { type: 'Removed', sequence: 1, upTo: 3 },
      ],
    },
  ])('$situation', ({ given, checkpoints = daily(0), want }) => {
    expect(verified(given, checkpoints, evening).findings).toEqual(want);
  });

  test.each<{
    situation: string;
    given: readonly ChainedRow[];
    checkpoints: Checkpoint[];
    now?: string;
    want: ChainFinding[];
    wantExpired: number;
  }>([
    {
      situation: 'two days’ retention, on the fourth day: two days are gone',
      given: without(1, 6),
      checkpoints: daily(2),
      want: [],
      wantExpired: 6,
    },
    {
      situation: 'one day more than retention explains',
      given: without(1, 9),
      checkpoints: daily(2),
      want: [{ type: 'Removed', sequence: 1, upTo: 9 }],
      wantExpired: 0,
    },
    {
      situation: 'only a part of an expired day is gone yet',
      given: without(4, 5),
      checkpoints: daily(2),
      want: [],
      wantExpired: 2,
    },
    {
      situation: 'a hole in a day that is not expired',
      given: without(7, 8),
      checkpoints: daily(2),
      want: [{ type: 'Removed', sequence: 7, upTo: 8 }],
      wantExpired: 0,
    },
    {
      situation: 'the end of what is there expired long ago: nothing is left, and nothing is found',
      given: [],
      checkpoints: daily(2),
      now: '2026-06-01 00:00:00.000',
      want: [],
      wantExpired: 0,
    },
    {
      situation: 'retention was turned off before the day was old enough',
      given: without(1, 3),
      checkpoints: [checkpoint(3, { retention_days: 3 }), checkpoint(6), checkpoint(9), checkpoint(12)],
      want: [{ type: 'Removed', sequence: 1, upTo: 3 }],
      wantExpired: 0,
    },
    {
      situation: 'retention was on for long enough, and then turned off',
      given: without(1, 3),
      checkpoints: [checkpoint(3, { retention_days: 1 }), checkpoint(6), checkpoint(9), checkpoint(12)],
      want: [],
      wantExpired: 3,
    },
    {
      situation: 'the first row that is left was changed',
      given: changed(4, { line: '{}' }).slice(3),
      checkpoints: daily(2),
      want: [{ type: 'Changed', sequence: 4 }],
      wantExpired: 3,
    },
    {
      situation: 'the first row that is left claims to be from an expired day, to excuse what is not',
      given: changed(11, { stored_at: '2026-05-01 10:00:00.000' }).slice(10),
      checkpoints: daily(2),
      want: [{ type: 'Removed', sequence: 1, upTo: 10 }],
      wantExpired: 0,
    },
  ])('retention: $situation', ({ given, checkpoints, now = evening, want, wantExpired }) => {
    expect(verified(given, checkpoints, now)).toMatchObject({ findings: want, expired: wantExpired });
  });

  test('findings are counted beyond those that are kept', () => {
    const verifier = createChainVerifier({
      table: 'audit_events',
      sink: 's',
      checkpoints: [],
      now: evening,
      sha256,
      maxFindings: 2,
    });
    for (const row of rows) verifier.row({ ...row, line: '{}' });
    expect(verifier.end()).toMatchObject({ findingCount: 12, findings: [{ sequence: 1 }, { sequence: 2 }], signed: 0 });
  });
});

test('a recording’s line has the columns that are read back, in their order', () => {
  const [row] = parseRecordings(
    {
      recordings: [
        {
          ...{ recordingId: 'r', sequence: 0, auditId: 'a', session: 's', username: 'u', namespace: 'n', pod: 'p' },
          ...{ container: 'c', command: ['sh'], startedAt: '2026-05-04T10:11:12Z', frames: [[0.5, 'o', 'x']] },
        },
      ],
    },
    sha256,
  );
  const line = toRowLine(row ?? {});
  const stored = JSON.parse(line) as Record<string, never>;
  const place = { sequence: '7', sink: 's', stored_at: '2026-05-04 10:11:12.000', chain: 'c' };
  const shuffled = Object.fromEntries(Object.entries({ ...stored, ...place }).reverse());
  expect(toChainedRow('recordings', shuffled)).toEqual({ ...place, sequence: 7, line });
});
