import { describe, expect, test } from '@jest/globals';
import type { RecordedCall } from './recorded-call.ts';
import { createReplay, tellStep, type HoldStory, type ReplayGroup } from './replay.ts';

const plain: RecordedCall = {
  ...{ event_time: '', stage_time: '', sink: 's', place: '1', source: 'apiserver', audit_id: '', username: 'bot' },
  ...{ stage: 'ResponseComplete', verb: 'get', impersonator: '', via_proxy: true, bypass: '', request_id: '' },
  ...{ invocation: '', command: '', on_behalf_of: '', user_agent: 'kubectl', api_group: '', resource: 'configmaps' },
  ...{ subresource: '', namespace: 'prod', name: 'a', request_uri: '/a', code: 200, reason: '', message: '' },
  ...{ decision: '', policy: '', rule: '', hold: '', grant_name: '', request_body: '', response_body: '', broken: '' },
};
let count = 0;
/** A call so many seconds after ten o'clock. */
function at(seconds: number, more: Partial<RecordedCall> = {}): RecordedCall {
  const time = (plus: number): string =>
    new Date(Date.parse('2026-05-04T10:00:00Z') + (seconds + plus) * 1_000)
      .toISOString()
      .slice(0, 23)
      .replace('T', ' ');
  count += 1;
  return { ...plain, event_time: time(0), stage_time: time(0.1), audit_id: `a-${String(count)}`, ...more };
}
const write = (seconds: number, more: Partial<RecordedCall> = {}): RecordedCall =>
  at(seconds, { verb: 'create', code: 201, ...more });

function replayed(calls: readonly RecordedCall[]): ReplayGroup[] {
  const replay = createReplay();
  return [...calls.flatMap((call) => replay.add(call)), ...replay.flush()];
}
/** `command: verb name verb name` a group, with `+` where it is continued. */
const outline = (groups: readonly ReplayGroup[]): string[] =>
  groups.map(
    ({ command, continued, steps }) =>
      `${command}${continued ? '+' : ''}: ${steps.map(({ verb, name }) => `${verb} ${name}`).join(' ')}`,
  );

describe('calls are gathered behind the command that made them', () => {
  test.each<{ situation: string; calls: RecordedCall[]; want: string[] }>([
    {
      situation: 'one id: one command, however long it takes',
      calls: [write(0, { invocation: 'i', command: 'x' }), write(1_800, { invocation: 'i', command: 'x', name: 'b' })],
      want: ['x: create a create b'],
    },
    {
      situation: 'the same command again has another id, and stays by itself',
      calls: [write(0, { invocation: 'i', command: 'x' }), write(1, { invocation: 'j', command: 'x', name: 'b' })],
      want: ['x: create a', 'x: create b'],
    },
    {
      situation: 'two at the same time, told in the order of their beginning',
      calls: [
        write(0, { invocation: 'i', command: 'x' }),
        write(1, { invocation: 'j', command: 'y', name: 'b' }),
        write(2, { invocation: 'i', command: 'x', name: 'c' }),
      ],
      want: ['x: create a create c', 'y: create b'],
    },
    {
      situation: 'without ids: the same command, close in time',
      calls: [write(0, { command: 'x' }), write(9, { command: 'x', name: 'b' })],
      want: ['x: create a create b'],
    },
    {
      situation: 'without ids: the same command a minute later is another run',
      calls: [write(0, { command: 'x' }), write(60, { command: 'x', name: 'b' })],
      want: ['x: create a', 'x+: create b'],
    },
    {
      situation: 'without ids: a held write is waited for',
      calls: [
        write(0, { command: 'x', code: 429, decision: 'hold', hold: 'h' }),
        write(600, { command: 'x', name: 'a', decision: 'approved', hold: 'h' }),
      ],
      want: ['x: create a'],
    },
    {
      situation: 'a client that tells neither: by its name, close in time',
      calls: [write(0), write(1, { name: 'b' }), write(2, { name: 'c', user_agent: 'curl' })],
      want: [': create a create b', ': create c'],
    },
    {
      situation: 'a command that only some calls tell',
      calls: [write(0, { invocation: 'i' }), write(1, { invocation: 'i', command: 'x', name: 'b' })],
      want: ['x: create a create b'],
    },
  ])('$situation', ({ calls, want }) => {
    expect(outline(replayed(calls))).toEqual(want);
  });
});

describe('what says nothing is counted, what matters is told', () => {
  const folded = (discovery: number, reads: number, repeats: number) => ({ discovery, reads, repeats });
  test.each<{ situation: string; calls: RecordedCall[]; steps: string; want: ReturnType<typeof folded> }>([
    {
      situation: 'discovery, permissions asked for',
      calls: [
        at(0, { resource: '', name: '', request_uri: '/apis?timeout=32s' }),
        at(0, { resource: '', name: '', request_uri: '/openapi/v3' }),
        write(1, { resource: 'selfsubjectaccessreviews', api_group: 'authorization.k8s.io', name: '' }),
        write(2),
      ],
      steps: 'create a',
      want: folded(3, 0, 0),
    },
    {
      situation: 'reads beside a write',
      calls: [at(0), at(1, { code: 404 }), write(2)],
      steps: 'create a',
      want: folded(0, 2, 0),
    },
    {
      situation: 'reads alone, polled',
      calls: [at(0), at(1), at(2), at(3, { name: 'b' })],
      steps: 'get a get b',
      want: folded(0, 0, 2),
    },
    {
      situation: 'reads and discovery of which the proxy tells too: counted once',
      calls: [
        ...['proxy', 'apiserver'].map((source) => at(0, { source: source as 'proxy', audit_id: 'one' })),
        ...['apiserver', 'proxy'].map((source) => at(1, { source: source as 'proxy', audit_id: 'two' })),
        ...['proxy', 'apiserver'].map((source) =>
          at(2, { source: source as 'proxy', audit_id: 'three', resource: '', name: '', request_uri: '/apis' }),
        ),
        write(3),
      ],
      steps: 'create a',
      want: folded(1, 2, 0),
    },
    {
      situation: 'a Secret that is read, beside a write',
      calls: [at(0, { resource: 'secrets', name: 's' }), write(1)],
      steps: 'get s create a',
      want: folded(0, 0, 0),
    },
    {
      situation: 'a read that is refused',
      calls: [at(0, { code: 403, name: 'no' }), write(1)],
      steps: 'get no create a',
      want: folded(0, 0, 0),
    },
    {
      situation: 'a path that is no discovery, and one that only begins like it',
      calls: [
        at(0, { resource: '', name: 'm', request_uri: '/metrics' }),
        at(1, { resource: '', name: 'n', request_uri: '/apisecret' }),
      ],
      steps: 'get m get n',
      want: folded(0, 0, 0),
    },
    {
      situation: 'a terminal, which is a get',
      calls: [at(0, { resource: 'pods', subresource: 'exec', name: 'p', code: 101 })],
      steps: 'get p',
      want: folded(0, 0, 0),
    },
    {
      situation: 'discovery that looks like a bypass, or is a stub',
      calls: [
        at(0, { resource: '', name: 'x', request_uri: '/api', bypass: 'not through the proxy' }),
        at(1, { resource: '', name: 'y', request_uri: '/api', broken: 'oversize' }),
      ],
      steps: 'get x get y',
      want: folded(0, 0, 0),
    },
  ])('$situation', ({ calls, steps, want }) => {
    const [group] = replayed(calls.map((call) => ({ ...call, invocation: 'i' })));
    expect(group?.steps.map(({ verb, name }) => `${verb} ${name}`).join(' ')).toBe(steps);
    expect(group?.folded).toEqual(want);
  });
});

describe('a request that is sent again is one step', () => {
  const uri = { request_uri: '/a?fieldManager=kubectl' };
  test.each<{ situation: string; calls: RecordedCall[]; want: object[] }>([
    {
      situation: 'held, then let through: the last answer counts, the first asking too',
      calls: [
        write(0, { ...uri, request_id: 'q', code: 429, decision: 'hold', hold: 'h', rule: 'r' }),
        write(42, { ...uri, request_id: 'q', decision: 'approved', hold: 'h', rule: 'r' }),
      ],
      want: [{ code: 201, decision: 'approved', hold: 'h', tries: 2, askedAt: '2026-05-04 10:00:00.000' }],
    },
    {
      situation: 'by client-go itself, past the proxy: by its hold',
      calls: [
        write(0, { code: 429, decision: 'hold', hold: 'h' }),
        write(5, { code: 429, decision: 'hold', hold: 'h' }),
        write(9, { code: 403, decision: 'deny', hold: 'h' }),
      ],
      want: [{ code: 403, decision: 'deny', tries: 3 }],
    },
    {
      situation: 'one request id with two different requests: two steps, whatever the client says',
      calls: [write(0, { request_id: 'q' }), write(1, { request_id: 'q', request_uri: '/b', name: 'b' })],
      want: [{ name: 'a' }, { name: 'b' }],
    },
    {
      situation: 'one audit id with two events of the API server: two steps',
      calls: [write(0, { audit_id: 'same' }), write(1, { audit_id: 'same', name: 'b' })],
      want: [{ name: 'a' }, { name: 'b' }],
    },
    {
      situation: 'what the proxy tells of it too',
      calls: [write(0, { audit_id: 'same' }), write(0, { audit_id: 'same', source: 'proxy', code: 999 })],
      want: [{ code: 201, tries: 1 }],
    },
    {
      situation: 'what the proxy tells of it before the API server does: the API server’s word stands',
      calls: [
        write(0, { audit_id: 'same', source: 'proxy', code: 999 }),
        write(0, { audit_id: 'same' }),
        write(1, { audit_id: 'same', name: 'b' }),
      ],
      want: [{ code: 201, name: 'a' }, { name: 'b' }],
    },
    {
      situation: 'held, then let through, as both tell of it: one step',
      calls: [
        write(0, { ...uri, source: 'proxy', request_id: 'q', audit_id: 'second', decision: 'approved', hold: 'h' }),
        write(0, { ...uri, request_id: 'q', audit_id: 'first', code: 429, decision: 'hold', hold: 'h', rule: 'r' }),
        write(42, { ...uri, request_id: 'q', audit_id: 'second', decision: 'approved', hold: 'h', rule: 'r' }),
      ],
      want: [{ code: 201, decision: 'approved', hold: 'h', rule: 'r', tries: 2, auditIds: ['second', 'first'] }],
    },
    {
      situation: 'the same, where the clocks differ and the proxy’s word comes in between',
      calls: [
        write(0, { ...uri, request_id: 'q', audit_id: 'first', code: 429, decision: 'hold', hold: 'h' }),
        write(1, { ...uri, source: 'proxy', request_id: 'q', audit_id: 'second', decision: 'approved', hold: 'h' }),
        write(42, { ...uri, request_id: 'q', audit_id: 'second', decision: 'approved', hold: 'h' }),
      ],
      want: [{ code: 201, decision: 'approved', tries: 2 }],
    },
    {
      situation: 'as the proxy alone tells of it',
      calls: [write(0, { source: 'proxy', request_id: 'q', code: 403, decision: 'deny', hold: 'h' })],
      want: [{ code: 403, decision: 'deny', tries: 1, hold: 'h' }],
    },
    {
      situation: 'let through twice by holds of one name: nothing hides behind the first',
      calls: [
        write(0, { decision: 'approved', hold: 'h', request_id: 'q' }),
        write(9, { decision: 'approved', hold: 'h', request_id: 'q' }),
      ],
      want: [{ tries: 1 }, { tries: 1 }],
    },
    {
      situation: 'an alarm of the first try stays',
      calls: [write(0, { request_id: 'q', code: 429, bypass: 'no decision' }), write(1, { request_id: 'q' })],
      want: [{ tries: 2, alarms: ['looks as if it had gone past us: no decision'] }],
    },
  ])('$situation', ({ calls, want }) => {
    const [group] = replayed(calls.map((call) => ({ ...call, invocation: 'i' })));
    expect(group?.steps).toHaveLength(want.length);
    expect(group?.steps).toMatchObject(want);
  });
});

describe('bounded, whatever a client sends', () => {
  test.each<{ situation: string; calls: number; call: (i: number) => RecordedCall }>([
    { situation: 'one id with everything', calls: 5_000, call: (i) => write(i, { invocation: 'i', name: String(i) }) },
    { situation: 'an id a call', calls: 5_000, call: (i) => write(0, { invocation: String(i) }) },
    {
      situation: 'large bodies',
      calls: 100,
      call: (i) =>
        write(i, { invocation: String(i % 5), request_body: JSON.stringify({ data: 'x'.repeat(1_000_000) }) }),
    },
    {
      situation: 'reads of ever other objects',
      calls: 5_000,
      call: (i) => at(i, { invocation: 'i', name: String(i) }),
    },
  ])('$situation', ({ calls, call }) => {
    const replay = createReplay();
    let told = 0;
    for (let i = 0; i < calls; i += 1) {
      for (const group of replay.add(call(i))) told += group.steps.length;
    }
    const rest = replay.flush().flatMap(({ steps }) => steps);
    expect(rest.length).toBeLessThanOrEqual(64 * 200);
    const held = rest.reduce((sum, step) => sum + JSON.stringify(step).length, 0);
    expect(held).toBeLessThan(20_000_000);
    expect(told + rest.length).toBeGreaterThanOrEqual(Math.min(calls, 20));
  });

  test('what is cut goes on, and nothing of it is lost', () => {
    const groups = replayed(Array.from({ length: 450 }, (_, i) => write(i, { invocation: 'i', command: 'x' })));
    expect(groups.map(({ steps, continued }) => [steps.length, continued])).toEqual([
      [200, false],
      [200, true],
      [50, true],
    ]);
  });
});

test('a POST names its object in its body; a generated name in the answer', () => {
  const named = (body: object): string => JSON.stringify({ kind: 'ConfigMap', metadata: body });
  const [group] = replayed([
    write(0, { name: '', request_body: named({ name: 'asked' }) }),
    write(1, { name: '', request_body: named({ generateName: 'x-' }), response_body: named({ name: 'x-abcde' }) }),
    write(2, { name: '', request_body: 'not JSON' }),
  ]);
  expect(group?.steps.map(({ name }) => name)).toEqual(['asked', 'x-abcde', '']);
});

describe('a step with what people said to it', () => {
  const [group] = replayed([write(0, { decision: 'approved', hold: 'h' })]);
  const step = group?.steps[0];
  if (step === undefined) throw new Error('no step');
  const story = (decisions: HoldStory['decisions']): HoldStory => ({
    hold: 'h',
    change: undefined,
    before: undefined,
    decisions,
  });
  const decision = { by: 'alice', verdict: 'approve', reason: 'ok', at: '2026-05-04 10:00:42.500' } as const;
  test.each([
    { situation: 'none', story: undefined, want: undefined },
    { situation: 'nobody has answered', story: story([]), want: undefined },
    { situation: 'one person', story: story([decision]), want: 42_500 },
    {
      situation: 'two: until the last',
      story: story([decision, { ...decision, at: '2026-05-04 10:01:00.000' }]),
      want: 60_000,
    },
    { situation: 'before it was asked again', story: story([{ ...decision, at: '2026-05-04 09:00:00.000' }]), want: 0 },
  ])('$situation', ({ story: given, want }) => {
    expect(tellStep(step, given).waitedMs).toBe(want);
  });

  test('the change that was signed stands before what the bodies tell', () => {
    const change = { type: 'Create', object: { kind: 'ConfigMap' } } as const;
    expect(tellStep(step, { ...story([decision]), change }).change).toEqual({ type: 'Held', change });
  });
});

test('what the proxy tells, first and without bodies, does not make forgotten what was there before a write', () => {
  const object = (wall: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { wall } });
  const patch = { verb: 'patch', code: 200, request_body: '{"data":{"wall":"blue"}}', audit_id: 'patched' };
  const [group] = replayed([
    write(0, { response_body: object('red') }),
    at(1, { ...patch, source: 'proxy', request_body: '' }),
    at(1, { ...patch, response_body: object('blue') }),
  ]);
  expect(group?.steps.at(-1)?.change).toMatchObject({ type: 'Update', before: { data: { wall: 'red' } } });
});
