import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  asksOfVerdict,
  newHold,
  type Hold,
  type HoldStatus,
  type NewHoldInput,
  type UsingRequest,
  type StrictestVerdict,
} from '@holdpoint/core';
import { KubeApiError } from '@holdpoint/platform';
import { createFakeCluster, type FakeCluster } from '../testing/fake-cluster.ts';
import { createHoldDesk, type DeskAnswer, type HoldDesk } from './hold-desk.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const digest = `hmac-sha256:${'a'.repeat(64)}`;
/** Its first 40 bits, and so its name, are those of `digest`. */
const namesake = `hmac-sha256:${'a'.repeat(10)}${'b'.repeat(54)}`;
const name = 'h-nana-nana';

const settings = {
  approvers: [],
  minApprovals: 1,
  expiresAfterSeconds: 3_600,
  useWithinSeconds: 600,
  pauseForSeconds: 300,
};
const verdict: StrictestVerdict = {
  alsoHeldBy: [],
  action: 'Hold',
  policy: 'p',
  rule: 'r',
  hold: settings,
  notify: [],
  maxPending: 3,
  maxChangeBytes: 65_536,
};
const input: NewHoldInput = {
  user: { username: 'bot', groups: ['agents'], extra: {} },
  request: {
    operation: 'DELETE',
    resource: { group: '', version: 'v1', resource: 'pods' },
    kind: 'Pod',
    namespace: 'prod',
    name: 'web',
  },
  digest,
  change: { type: 'Delete', object: {} },
  before: undefined,
  verdict,
  nowMs,
};
const asked = (n: number, more: Partial<UsingRequest> = {}): UsingRequest => ({
  requestUid: `uid-${String(n)}`,
  requestId: `r-${String(n)}`,
  mayRepeat: true,
  nowMs,
  ...more,
});

const yes = { by: 'alice', verdict: 'approve', at: '2026-01-01T00:04:00.000Z' } as const;
const no = { by: 'alice', verdict: 'deny', reason: 'No.', at: '2026-01-01T00:04:00.000Z' } as const;
const approved: HoldStatus = { phase: 'Approved', decisions: [yes], useBefore: '2026-01-01T00:14:00.000Z' };
const lapsed: HoldStatus = { phase: 'Approved', decisions: [yes], useBefore: '2026-01-01T00:04:30.000Z' };
const usedLongAgo: HoldStatus = {
  ...approved,
  phase: 'Used',
  usedBy: { requestUid: 'x', requestId: 'r-x', at: '2026-01-01T00:04:10.000Z' },
};

function holdWith(status: HoldStatus, more: { attempt?: number; digest?: string; username?: string } = {}): Hold {
  const { attempt = 1, username = 'bot' } = more;
  return {
    ...newHold({ ...input, digest: more.digest ?? digest, user: { ...input.user, username } }, attempt),
    status,
  };
}

/** An answer in short: its type, and the hold it is about. */
const short = (answer: DeskAnswer | undefined): unknown =>
  answer === undefined ? undefined : 'hold' in answer ? [answer.type, answer.hold.metadata.name] : answer;

let cluster: FakeCluster;
beforeEach(() => {
  cluster = createFakeCluster();
});
const desk = (of = cluster): HoldDesk => createHoldDesk(of.kube, of.cache());

describe('ask', () => {
  const pending: HoldStatus = { phase: 'Pending', decisions: [] };
  const used: HoldStatus = {
    ...approved,
    phase: 'Used',
    usedBy: { requestUid: 'uid-1', requestId: 'r-1', at: '2026-01-01T00:05:00.000Z' },
  };
  const rows: {
    situation: string;
    holds: Hold[];
    want: unknown;
    wantWrites: string[];
    wantStatus?: HoldStatus;
    request?: Partial<UsingRequest>;
  }[] = [
    {
      situation: 'no hold yet: one is created',
      holds: [],
      want: ['Held', name],
      wantWrites: [`create ${name}`],
      wantStatus: pending,
    },
    {
      situation: 'a pending one: found',
      holds: [holdWith(pending)],
      want: ['Held', name],
      wantWrites: [],
      wantStatus: pending,
    },
    {
      situation: 'an approved one: used up before the answer',
      holds: [holdWith(approved)],
      want: ['Admitted', name],
      wantWrites: [`replace ${name}`],
      wantStatus: { ...used, useBefore: '2026-01-01T00:14:00.000Z' },
    },
    {
      situation: 'one that this request used: admitted, nothing written',
      holds: [holdWith(used)],
      want: ['Admitted', name],
      wantWrites: [],
    },
    {
      situation: 'one that this request used, and asking twice is doing twice: a new question',
      holds: [holdWith(used)],
      request: { mayRepeat: false },
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'one that another request used: a new question',
      holds: [holdWith(usedLongAgo)],
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'a denied one: denied, and no new question',
      holds: [holdWith({ phase: 'Denied', decisions: [no] })],
      want: ['Denied', name],
      wantWrites: [],
    },
    {
      situation: 'a denied one whose time is over: a new question',
      holds: [holdWith({ phase: 'Denied', decisions: [no] })],
      request: { nowMs: nowMs + 3_600_000 },
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'an approval that nobody used in time: a new question',
      holds: [holdWith(lapsed)],
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'an expired one: a new question',
      holds: [holdWith(pending)],
      request: { nowMs: nowMs + 3_600_000 },
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'the first used, the second approved: the second',
      holds: [holdWith(usedLongAgo), holdWith(approved, { attempt: 2 })],
      want: ['Admitted', `${name}-2`],
      wantWrites: [`replace ${name}-2`],
    },
    {
      situation: 'the first deleted, the second pending: the second',
      holds: [holdWith(pending, { attempt: 2 })],
      want: ['Held', `${name}-2`],
      wantWrites: [],
    },
    {
      situation: 'ten used: the eleventh',
      holds: Array.from({ length: 10 }, (_, i) => holdWith(usedLongAgo, { attempt: i + 1 })),
      want: ['Held', `${name}-11`],
      wantWrites: [`create ${name}-11`],
    },
    {
      situation: 'an approved one of that name, but about another change: not used, the next name',
      holds: [holdWith(approved, { digest: namesake })],
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: "a denied one of that name, about another change: not this one's denial",
      holds: [holdWith({ phase: 'Denied', decisions: [no] }, { digest: namesake })],
      want: ['Held', `${name}-2`],
      wantWrites: [`create ${name}-2`],
    },
    {
      situation: 'as many pending as may be: no other',
      holds: ['1', '2', '3'].map((hex) => holdWith(pending, { digest: `hmac-sha256:${hex.repeat(64)}` })),
      want: { type: 'TooManyPending', pending: 3 },
      wantWrites: [],
    },
    {
      situation: 'as many pending, and this is one of them: found',
      holds: [
        ...['1', '2'].map((hex) => holdWith(pending, { digest: `hmac-sha256:${hex.repeat(64)}` })),
        holdWith(pending),
      ],
      want: ['Held', name],
      wantWrites: [],
    },
    {
      situation: 'as many pending, but expired: one more',
      holds: ['1', '2', '3'].map((hex) =>
        holdWith({ phase: 'Expired', decisions: [] }, { digest: `hmac-sha256:${hex.repeat(64)}` }),
      ),
      want: ['Held', name],
      wantWrites: [`create ${name}`],
    },
    {
      situation: "as many pending, but somebody else's: one more",
      holds: ['1', '2', '3'].map((hex) =>
        holdWith(pending, { digest: `hmac-sha256:${hex.repeat(64)}`, username: 'other' }),
      ),
      want: ['Held', name],
      wantWrites: [`create ${name}`],
    },
  ];
  test.each(rows)('$situation', async ({ holds, request, want, wantWrites, wantStatus }) => {
    for (const hold of holds) cluster.put(hold);
    const answer = await desk().ask(input, asked(1, request));
    expect(short(answer)).toEqual(want);
    expect(cluster.writes).toEqual(wantWrites);
    if (wantStatus !== undefined) expect(cluster.get<Hold>(name)?.status).toEqual(wantStatus);
  });

  test('a denied one: whose word it was', async () => {
    cluster.put(holdWith({ phase: 'Denied', decisions: [yes, no] }));
    expect(await desk().ask(input, asked(1))).toMatchObject({ type: 'Denied', decision: no });
  });
});

describe('ask, raced', () => {
  const askOnTwoReplicas = (count: number, requestOf: (n: number) => UsingRequest): Promise<DeskAnswer[]> => {
    const replicas = [desk(), desk()];
    return Promise.all(Array.from({ length: count }, (_, n) => (replicas[n % 2] as HoldDesk).ask(input, requestOf(n))));
  };
  const count = (answers: DeskAnswer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { type } of answers) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  };

  test('50 identical requests and one approval: exactly one is admitted, the others share one new question', async () => {
    cluster.put(holdWith(approved));
    expect(count(await askOnTwoReplicas(50, (n) => asked(n)))).toEqual({ Admitted: 1, Held: 49 });
    expect(cluster.writes).toEqual([`replace ${name}`, `create ${name}-2`]);
  });

  test('50 that may not be repeated, past the proxy, and one approval: exactly one is admitted', async () => {
    cluster.put(holdWith(approved));
    const answers = await askOnTwoReplicas(50, (n) => asked(n, { requestId: undefined, mayRepeat: false }));
    expect(count(answers)).toEqual({ Admitted: 1, Held: 49 });
  });

  test('50 calls within one request of the proxy: one use, and all 50 are that one', async () => {
    cluster.put(holdWith(approved));
    const answers = await askOnTwoReplicas(50, (n) => asked(n, { requestId: 'r-same' }));
    expect(count(answers)).toEqual({ Admitted: 50 });
    expect(cluster.writes).toEqual([`replace ${name}`]);
  });

  test('50 identical requests and no hold: one is created, all wait for it', async () => {
    const answers = await askOnTwoReplicas(50, (n) => asked(n));
    expect(new Set(answers.map((answer) => JSON.stringify(short(answer))))).toEqual(new Set([`["Held","${name}"]`]));
    expect(cluster.writes).toEqual([`create ${name}`]);
  });

  test('two approvals, 50 requests: exactly two are admitted', async () => {
    cluster.put(holdWith(approved));
    cluster.put(holdWith(approved, { attempt: 2 }));
    expect(count(await askOnTwoReplicas(50, (n) => asked(n)))).toEqual({ Admitted: 2, Held: 48 });
  });

  test('another replica writes at every try: given up, nothing admitted', async () => {
    const storm = createFakeCluster((call) => {
      if (call.startsWith('replace')) storm.put(holdWith(approved));
    });
    storm.put(holdWith(approved));
    await expect(desk(storm).ask(input, asked(1))).rejects.toMatchObject({
      name: 'HoldpointError',
      code: 'ERR_HOLD_CONFLICT',
      message: `${name}: the hold changed 16 times while it was being asked for`,
    });
    expect(storm.writes).toEqual([]);
  });

  test('the approval is withdrawn between look and use: what is true now counts', async () => {
    const withdrawn = createFakeCluster((call) => {
      if (call.startsWith('replace')) withdrawn.put(holdWith({ phase: 'Denied', decisions: [no] }));
    });
    withdrawn.put(holdWith(approved));
    expect(short(await desk(withdrawn).ask(input, asked(1)))).toEqual(['Denied', name]);
  });

  test('the API server fails while the approval is being used: thrown, not admitted', async () => {
    const down = createFakeCluster((call) => {
      if (call.startsWith('replace')) throw new Error('connection reset');
    });
    down.put(holdWith(approved));
    await expect(desk(down).ask(input, asked(1))).rejects.toThrow('connection reset');
  });
});

describe('ask, with a cache that lags behind', () => {
  test('it shows an approval that is used by now: not used twice', async () => {
    cluster.put(holdWith(approved));
    const cache = cluster.cache<Hold>();
    cache.freeze();
    const stale = createHoldDesk(cluster.kube, cache);
    expect(short(await stale.ask(input, asked(1)))).toEqual(['Admitted', name]);
    expect(short(await stale.ask(input, asked(2)))).toEqual(['Held', `${name}-2`]);
  });

  test('it shows nothing, and there is an approval: found', async () => {
    const cache = cluster.cache<Hold>();
    cache.freeze();
    cluster.put(holdWith(usedLongAgo));
    cluster.put(holdWith(approved, { attempt: 2 }));
    expect(short(await createHoldDesk(cluster.kube, cache).ask(input, asked(1)))).toEqual(['Admitted', `${name}-2`]);
  });

  test('it shows a hold that is deleted by now: made anew', async () => {
    cluster.put(holdWith({ phase: 'Pending', decisions: [] }));
    const cache = cluster.cache<Hold>();
    cache.freeze();
    cluster.delete(name);
    expect(short(await createHoldDesk(cluster.kube, cache).ask(input, asked(1)))).toEqual(['Held', name]);
  });
});

describe('ask, in a flood that outruns the cache', () => {
  const hourLater = nowMs + 3_600_000;
  const rows: { situation: string; create?: (call: string) => void; nowMs?: number; want: string }[] = [
    { situation: 'the holds made a moment ago count', want: 'TooManyPending' },
    {
      situation: 'those made half a minute ago, and still not heard of, too',
      nowMs: nowMs + 30_000,
      want: 'TooManyPending',
    },
    { situation: 'what an hour later is not heard of is gone', nowMs: hourLater, want: 'Held' },
    {
      situation: 'a hold that may have been made counts',
      create: () => {
        throw new Error('connection reset');
      },
      want: 'TooManyPending',
    },
    {
      situation: 'a hold that was refused does not',
      create: () => {
        throw new KubeApiError(403, undefined, undefined);
      },
      want: 'Held',
    },
  ];
  test.each(rows)('$situation', async ({ create, nowMs: lastMs = nowMs, want }) => {
    let failing = true;
    const flooded = createFakeCluster((call) => {
      if (call.startsWith('create') && failing) create?.(call);
    });
    const cache = flooded.cache<Hold>();
    cache.freeze();
    const stale = createHoldDesk(flooded.kube, cache);
    const question = (hex: string, atMs: number): Promise<DeskAnswer> =>
      stale.ask({ ...input, digest: `hmac-sha256:${hex.repeat(64)}`, nowMs: atMs }, asked(1));
    await Promise.allSettled(['1', '2', '3'].map((hex) => question(hex, nowMs)));
    failing = false;
    expect((await question('4', lastMs)).type).toBe(want);
  });
});

describe('peek', () => {
  const rows: { situation: string; holds: Hold[]; want: unknown }[] = [
    { situation: 'no hold: nothing', holds: [], want: undefined },
    { situation: 'a pending one', holds: [holdWith({ phase: 'Pending', decisions: [] })], want: ['Held', name] },
    { situation: 'an approved one', holds: [holdWith(approved)], want: ['Admitted', name] },
    { situation: 'a denied one', holds: [holdWith({ phase: 'Denied', decisions: [no] })], want: ['Denied', name] },
    { situation: 'a used one: nothing', holds: [holdWith(usedLongAgo)], want: undefined },
    {
      situation: 'one about another change: nothing',
      holds: [holdWith(approved, { digest: namesake })],
      want: undefined,
    },
  ];
  test.each(rows)('$situation', ({ holds, want }) => {
    for (const hold of holds) cluster.put(hold);
    expect(short(desk().peek(digest, asked(1), asksOfVerdict(input.verdict)))).toEqual(want);
    expect(cluster.writes).toEqual([]);
  });
});
