import { expect, test } from '@jest/globals';
import { createStyle } from '../output/style.ts';
import { replaySession, type ReplayOptions } from './replay.ts';
import type { SqlClient, SqlParams } from './sql-client.ts';

const terminal = {
  ...{ id: 'r-1', auditId: 'a-exec', startedAt: '2026-05-04 10:11:14.000000', endedAt: null, namespace: 'prod' },
  ...{ pod: 'shop-0', container: 'web', command: ['sh', '-c', 'ls\u001b[31m\nrm'], width: 80, height: 24 },
  ...{ seconds: 100, frameCount: 4, missing: 0 },
};
const frames = [
  [0.5, 'o', 'hello '],
  [0.75, 'i', 'typed'],
  [100, 'o', 'wor\u001b]52;c;eA==\u0007ld'],
];
const call = {
  ...{ event_time: '2026-05-04 10:11:13.000000', stage_time: '2026-05-04 10:11:13.500000', sink: 's', place: '1' },
  ...{ source: 'apiserver', audit_id: 'a-1', stage: 'ResponseComplete', verb: 'update', username: 'bot' },
  ...{ impersonator: '', via_proxy: true, bypass: '', request_id: 'q-1', invocation: 'i-1', command: 'kubectl scale' },
  ...{ on_behalf_of: 'carol', user_agent: 'kubectl', api_group: 'apps', resource: 'deployments' },
  ...{ subresource: 'scale', namespace: 'prod', name: 'shop', request_uri: '/x', code: 200, reason: '', message: '' },
  ...{ decision: 'approved', policy: 'p', rule: 'production-writes', hold: 'h-1', grant_name: '', broken: '' },
  ...{ request_body: '{"kind":"Scale","spec":{"replicas":5}}', response_body: '' },
};
const exec = {
  ...{ ...call, place: '2', audit_id: 'a-exec', request_id: 'q-2', invocation: 'i-2', command: 'kubectl exec' },
  ...{ event_time: '2026-05-04 10:11:14.000000', verb: 'get', api_group: '', resource: 'pods', subresource: 'exec' },
  ...{ name: 'shop-0', request_uri: '/e?command=sh&command=-c&command=ls', code: 101, decision: '', hold: '' },
  ...{ request_body: '', response_body: '' },
};
const decision = {
  ...{ hold: 'h-1', at: '2026-05-04 10:11:55.000000', approver: 'alice', verdict: 'approve', reason: 'go ahead' },
  body: '',
};

interface Answers {
  calls?: object[];
  terminals?: object[];
  decisions?: object[];
}

function sqlOf({ calls = [], terminals = [], decisions = [] }: Answers) {
  const asked: { statement: string; params: SqlParams }[] = [];
  const sql: SqlClient = {
    stream: () => {
      throw new Error('not asked for');
    },
    rows<Row>(statement: string, params: SqlParams = {}) {
      asked.push({ statement, params });
      const answer = statement.includes('AS place, any(frames)')
        ? [{ place: 0, frames }]
        : statement.includes('FROM recordings')
          ? terminals
          : statement.includes('{holds:')
            ? decisions
            : params['place'] === '0' || statement.includes('{since:')
              ? calls
              : [];
      return Promise.resolve(structuredClone(answer) as Row[]);
    },
  };
  return { sql, asked };
}

async function replay(answers: Answers, options: Partial<ReplayOptions> & { columns?: number } = {}, session = 's-1') {
  let text = '';
  const slept: number[] = [];
  const { sql, asked } = sqlOf(answers);
  await replaySession(
    session,
    { format: 'text', follow: false, speed: 1, full: false, ...options },
    {
      sql,
      style: createStyle(false),
      columns: options.columns,
      write: (part) => Promise.resolve(void (text += part)),
      sleep: (ms) => Promise.resolve(void slept.push(ms)),
      signal: AbortSignal.abort(),
    },
  );
  return { text, slept, asked };
}

test('the timeline: who did what, who let it happen, why and after how long, and what the terminal showed', async () => {
  const { text } = await replay({ calls: [call, exec], terminals: [terminal], decisions: [decision] });
  expect(text).toBe(`Session s-1

── 2026-05-04 (UTC) ──

as bot, on behalf of carol

10:11:13  $ kubectl scale
          update deployments.apps/shop scale -n prod  → 200
            held by p/production-writes as h-1, approved
            alice approved it after 42s: go ahead
            the whole of it; what stood there before is not in the record
            + kind: Scale
            + spec:
            +   replicas: 5

10:11:14  $ kubectl exec
          get pods/shop-0 exec -n prod  → 101
            $ sh -c ls
            terminal r-1 in prod/shop-0: 100.0 s, 4 frames, whose end is not on record
            │ hello world
            to play it: approvals replay s-1 --recording r-1

`);
});

test('on a narrow terminal, a line that goes on says so, and nothing else begins at its edge', async () => {
  const answers = { calls: [{ ...call, message: 'x'.repeat(3_000), code: 403 }], decisions: [decision] };
  const { text } = await replay(answers, { columns: 40 });
  const lines = text.split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  for (const line of lines) expect(line).toMatch(/^(?:$| {10}|↳ |Session |── |as |\d\d:\d\d:\d\d {2})/);
  // What is the client's to choose does not push the rest out of sight.
  expect(lines.length).toBeLessThan(60);
});

test('followed, it is told as it stands, and ends by the signal', async () => {
  const { text } = await replay({ calls: [call], decisions: [decision] }, { follow: true });
  expect(text).toContain('alice approved it after 42s: go ahead');
});

test('nothing the agent wrote acts on the terminal, nor begins a line of its own', async () => {
  const hostile = 'x\u001b]0;t\u0007\n10:11:13  $ kubectl get\u202e';
  const row = { ...call, command: hostile, name: hostile, message: hostile, username: hostile, rule: hostile };
  const answers = {
    calls: [{ ...row, code: 403, request_body: JSON.stringify({ kind: hostile, [hostile]: [hostile] }) }],
    terminals: [{ ...terminal, id: hostile, pod: hostile }],
    decisions: [{ ...decision, reason: hostile, approver: hostile }],
  };
  const { text } = await replay(answers, {}, hostile);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(text.match(/^10:11:13/gm)).toHaveLength(1);
});

test.each([
  { situation: 'at once', speed: 0, want: [] },
  { situation: 'with its own timing, a long pause cut short', speed: 1, want: [500, 250, 2_000] },
  { situation: 'twice as fast', speed: 2, want: [250, 125, 2_000] },
])('a recording is played $situation', async ({ speed, want }) => {
  const { text, slept } = await replay({ terminals: [terminal] }, { recording: 'r-1', speed });
  expect(slept).toEqual(want);
  expect(text).toContain('hello world');
  expect(text).not.toContain('typed');
  expect(text).not.toContain(']52;');
});

test('a recording as asciicast v2: a header, then a frame a line, without what acts on a terminal', async () => {
  const { text } = await replay({ terminals: [terminal] }, { format: 'asciicast', recording: 'r-1' });
  const [header, ...events] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(header).toMatchObject({ version: 2, width: 80, height: 24, timestamp: 1_777_889_474 });
  expect(events).toEqual([frames[0], frames[1], [100, 'o', 'world']]);
});

test('a session as one cast: its timeline, with the terminal in its place, and time that only goes on', async () => {
  const answers = { calls: [call, exec], terminals: [terminal], decisions: [decision] };
  const { text } = await replay(answers, { format: 'asciicast' });
  const [header, ...events] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [number, string, string]);
  expect(header).toMatchObject({ version: 2, idle_time_limit: 2, title: 'session s-1' });
  const times = events.map(([seconds]) => seconds);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const shown = events.map(([, , part]) => part).join('');
  expect(shown).toMatch(/kubectl scale[^]*alice approved[^]*kubectl exec[^]*hello world/);
});

test('as JSON: one document, in the shape of the reference', async () => {
  const answers = { calls: [call, exec], terminals: [terminal], decisions: [decision] };
  const { text } = await replay(answers, { format: 'json' });
  expect(JSON.parse(text)).toMatchObject({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'SessionReplay',
    session: 's-1',
    groups: [
      {
        command: 'kubectl scale',
        steps: [
          {
            verb: 'update',
            waitedMs: 42_000,
            decisions: [{ by: 'alice', verdict: 'approve', reason: 'go ahead', at: '2026-05-04 10:11:55.000000' }],
            change: { type: 'Replace', object: { spec: { replicas: 5 } } },
          },
        ],
      },
      {
        command: 'kubectl exec',
        steps: [{ terminals: ['r-1'], change: { type: 'Connect', command: ['sh', '-c', 'ls'] } }],
      },
    ],
    terminals: [{ id: 'r-1', text: { lines: ['hello world'], cut: false } }],
  });
});

test('only terminals on record: they are told, and the document is whole', async () => {
  expect((await replay({ terminals: [terminal] })).text).toContain('a terminal whose call is not on record');
  const { text } = await replay({ terminals: [terminal] }, { format: 'json' });
  expect(JSON.parse(text)).toMatchObject({ groups: [], terminals: [{ id: 'r-1' }] });
});

test.each([
  { situation: 'a session', options: {}, want: /not on record/ },
  { situation: 'a recording', options: { recording: 'r-2' }, want: /has no recording "r-2"/ },
])('$situation that is not on record is said to be so', async ({ options, want }) => {
  await expect(replay({}, options)).rejects.toThrow(want);
});

test('what a person gives is never a part of a statement', async () => {
  const session = "x' OR '1'='1\\";
  const { asked } = await replay({ calls: [{ ...call, hold: session }], terminals: [terminal] }, {}, session);
  expect(asked.map(({ statement }) => statement).join('')).not.toContain(session);
  expect(asked.some(({ params }) => params['session'] === session)).toBe(true);
});
