import { expect, test } from '@jest/globals';
import { replaySession } from './replay.ts';
import type { SqlClient } from './sql-client.ts';

const recording = {
  id: 'r-1',
  started: '2026-05-04 10:11:12.000000',
  namespace: 'prod',
  pod: 'shop-0',
  command: ['sh', '-c', 'ls\u001b[31m\nrm'],
  width: 80,
  height: 24,
  frames: [
    [[0.5, 'o', 'hello ']],
    [
      [0.75, 'i', 'typed'],
      [100, 'o', 'wor\u001b]52;c;eA==\u0007ld'],
    ],
  ],
};
const request = {
  ...{ time: '2026-05-04 10:11:13.000000', command: 'kubectl scale', verb: 'update', resource: 'deployments' },
  ...{ subresource: 'scale', namespace: 'prod', name: 'shop', decision: 'approved', rule: 'production-writes' },
  ...{ hold: 'h-1', decided_by: 'alice', verdict: 'approve', reason: 'go ahead', code: 200 },
};

function sqlOf(timeline: object[], recordings: object[]): SqlClient & { statements: string[] } {
  const statements: string[] = [];
  return {
    statements,
    text: () => Promise.reject(new Error('not asked for')),
    rows<Row>(statement: string) {
      statements.push(statement);
      return Promise.resolve((statement.includes('FROM recordings') ? recordings : timeline) as Row[]);
    },
  };
}

async function replay(sql: SqlClient, options: { speed?: number; as?: 'timeline' | 'asciicast' } = {}) {
  let text = '';
  const slept: number[] = [];
  await replaySession(
    's-1',
    { speed: 1, as: 'timeline', ...options },
    {
      sql,
      write: (part) => void (text += part),
      sleep: (ms) => Promise.resolve(void slept.push(ms)),
    },
  );
  return { text, slept };
}

test('the timeline: who did what, who let it happen and why, and the terminal as it was', async () => {
  const { text, slept } = await replay(sqlOf([request], [recording]));
  expect(text).toContain('update deployments/shop scale -n prod');
  expect(text).toContain('approved production-writes h-1');
  expect(text).toContain('alice: go ahead');
  expect(text).toContain('hello world');
  expect(text).not.toContain('typed');
  // A long pause is cut short.
  expect(slept).toEqual([500, expect.any(Number), 2_000]);
});

test('nothing the agent wrote acts on the terminal', async () => {
  const { text } = await replay(sqlOf([{ ...request, command: 'x\u001b]0;t\u0007' }], [recording]));
  expect(text).not.toContain('\u001b');
  expect(text).not.toContain('\u0007');
});

test.each([
  { situation: 'at once', speed: 0, want: [] },
  { situation: 'twice as fast', speed: 2, want: [250, 125, 2_000] },
])('$situation', async ({ speed, want }) => {
  expect((await replay(sqlOf([request], [recording]), { speed })).slept).toEqual(want);
});

test('as asciicast v2: a header, then a frame a line', async () => {
  const { text } = await replay(sqlOf([], [recording]), { as: 'asciicast' });
  const [header, ...frames] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(header).toMatchObject({ version: 2, width: 80, height: 24, timestamp: 1_777_889_472 });
  expect(frames).toEqual(recording.frames.flat());
});

test('a session that is not on record is said to be so; its name cannot leave the quotes', async () => {
  const sql = sqlOf([], []);
  await expect(
    replaySession(
      "x' OR '1'='1\\",
      { speed: 0, as: 'timeline' },
      { sql, write: () => undefined, sleep: () => Promise.resolve() },
    ),
  ).rejects.toThrow(/not on record/);
  expect(sql.statements[0]).toContain("session = 'x\\' OR \\'1\\'=\\'1\\\\'");
});
