import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldStatus, NotifiedPhase, Notification } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { createFakeCluster, type FakeCluster } from '../testing/fake-cluster.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import type { Receiver } from './parse-receivers.ts';
import type { PostRequest, PostResult } from './post.ts';

const startMs = Date.parse('2026-01-01T10:00:00.000Z');
const at = (secondsLater: number): string => new Date(startMs + secondsLater * 1_000).toISOString();
const refused: PostResult = { ok: false, reason: 'Connection', problem: 'connection failed: ECONNREFUSED' };
const silent = (): void => undefined;
const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

const holdOf = (name: string, notify: [string, NotifiedPhase[]][], status?: HoldStatus): Hold =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name, uid: `uid-of-${name}`, creationTimestamp: at(0) },
    spec: {
      subject: { username: 'bot', groups: [] },
      request: { operation: 'DELETE', resource: { group: '', version: 'v1', resource: 'pods' }, kind: 'Pod', name },
      policy: 'p',
      rule: 'r',
      approvers: [{ kind: 'Group', name: 'sre' }],
      minApprovals: 1,
      expiresAt: at(36_000),
      notify: notify.map(([receiver, phases]) => ({ receiver, phases })),
    },
    ...(status === undefined ? {} : { status }),
  }) as unknown as Hold;
const pendingOf = (name: string, ...receivers: string[]): Hold =>
  holdOf(
    name,
    receivers.map((receiver) => [receiver, ['Pending']]),
    { phase: 'Pending', decisions: [] },
  );
const idOf = (hold: string, phase: string, receiver: string): string =>
  createHash('sha256')
    .update(JSON.stringify([`uid-of-${hold}`, phase, receiver]))
    .digest('hex')
    .slice(0, 32);

interface Sent {
  receiver: string;
  hold: string;
  phase: string;
  id: string;
}

/** A replica with its own clock, on a cluster that may be shared. */
function createReplica(cluster: FakeCluster, options: { receivers?: string[]; writable?: () => boolean } = {}) {
  const names = options.receivers ?? ['chat', 'pager'];
  const clock = { nowMs: startMs };
  const sent: Sent[] = [];
  const counts: Record<string, number> = {};
  const count = (key: string): void => void (counts[key] = (counts[key] ?? 0) + 1);
  const events: string[] = [];
  const world = {
    isLeader: true,
    answer: (_receiver: string): PostResult | Promise<PostResult> => ({ ok: true }),
    events: (_name: string): void => undefined,
  };
  const inFlight = new Map<string, number>();
  const most = new Map<string, number>();
  const cache = cluster.cache<Hold>();
  let listener: (hold: Hold) => void = silent;
  const dispatcher: Dispatcher = createDispatcher({
    kube: {
      get: cluster.kube.get,
      replace: (kind, object) => {
        if (options.writable?.() === false) throw new Error('connection reset');
        return cluster.kube.replace(kind, object);
      },
    },
    holds: {
      ...cache,
      onChange: (each) => {
        listener = each;
        return () => void (listener = silent);
      },
    },
    receivers: {
      names: () => names,
      get: (name): Receiver | undefined =>
        names.includes(name) ? { name, url: `https://${name}/`, format: 'JSON', timeoutMs: 1_000 } : undefined,
      refresh: silent,
    },
    events: {
      create: async ({ metadata }) => {
        await Promise.resolve();
        world.events(metadata.name);
        events.push(metadata.name);
      },
    },
    post: async ({ url, body, headers }: PostRequest, signal) => {
      const receiver = new URL(url).hostname;
      const { hold, phase } = JSON.parse(body) as { hold: { name: string }; phase: string };
      sent.push({ receiver, hold: hold.name, phase, id: headers['Holdpoint-Delivery'] ?? '' });
      inFlight.set(receiver, (inFlight.get(receiver) ?? 0) + 1);
      most.set(receiver, Math.max(most.get(receiver) ?? 0, inFlight.get(receiver) ?? 0));
      const brokenOff = new Promise<PostResult>((resolve) => signal.addEventListener('abort', () => resolve(refused)));
      const result = await Promise.race([Promise.resolve(world.answer(receiver)), brokenOff]);
      inFlight.set(receiver, (inFlight.get(receiver) ?? 0) - 1);
      return result;
    },
    isLeader: () => world.isLeader,
    metrics: {
      delivered: (receiver) => count(`delivered ${receiver}`),
      failed: (receiver, reason) => count(`failed ${receiver} ${reason}`),
      givenUp: (receiver) => count(`givenUp ${receiver}`),
      pending: (n) => void (counts['pending'] = n),
    },
    logger: silentLogger,
    now: () => clock.nowMs,
  });
  return {
    dispatcher,
    cache,
    world,
    clock,
    sent,
    counts,
    events,
    most,
    change: (hold: Hold) => listener(hold),
    /** Lets `seconds` pass, with a tick in each half of one. */
    async pass(seconds: number) {
      for (let half = 0; half <= seconds * 2; half += 1) {
        if (half > 0) clock.nowMs += 500;
        dispatcher.tick();
        await dispatcher.settled();
      }
    },
  };
}

/** As many turns as anything that waits for nothing real needs. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 200; i += 1) await Promise.resolve();
};
const notedOn = (cluster: FakeCluster, name: string): readonly Notification[] | undefined =>
  cluster.get<Hold>(name)?.status?.notifications;

describe('telling', () => {
  test('a pending hold: each receiver once, noted on the hold, however much time passes', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat', 'pager'));
    const replica = createReplica(cluster);
    await replica.pass(100);
    expect(replica.sent).toEqual(
      ['chat', 'pager'].map((receiver) => ({
        receiver,
        hold: 'h-1',
        phase: 'Pending',
        id: idOf('h-1', 'Pending', receiver),
      })),
    );
    expect(notedOn(cluster, 'h-1')).toEqual(
      ['chat', 'pager'].map((receiver) => ({ receiver, phase: 'Pending', state: 'Delivered', attempts: 1, at: at(0) })),
    );
    expect(replica.counts).toEqual({ 'delivered chat': 1, 'delivered pager': 1, pending: 0 });
  });

  test('a hold that is new: told on its change, before the next look at all', async () => {
    const cluster = createFakeCluster();
    const replica = createReplica(cluster);
    replica.dispatcher.tick();
    cluster.put(pendingOf('h-1', 'chat'));
    replica.change(cluster.get<Hold>('h-1') as Hold);
    await replica.dispatcher.settled();
    expect(replica.sent).toHaveLength(1);
  });

  test('a copy that lags behind the record: not told twice', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    replica.cache.freeze();
    await replica.pass(100);
    expect(replica.sent).toHaveLength(1);
  });

  test('the API server does not take the record: not told again, and noted once it does', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    let writable = false;
    const replica = createReplica(cluster, { writable: () => writable });
    await replica.pass(60);
    expect([replica.sent.length, notedOn(cluster, 'h-1')]).toEqual([1, undefined]);
    writable = true;
    await replica.pass(5);
    expect([replica.sent.length, notedOn(cluster, 'h-1')?.[0]?.state]).toEqual([1, 'Delivered']);
  });

  test('an end between the POST and its record: the next one tells again, by the same id', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const dying = createReplica(cluster, { writable: () => false });
    await dying.pass(1);
    const next = createReplica(cluster);
    await next.pass(1);
    expect([...dying.sent, ...next.sent].map(({ id }) => id)).toEqual([
      idOf('h-1', 'Pending', 'chat'),
      idOf('h-1', 'Pending', 'chat'),
    ]);
    expect(notedOn(cluster, 'h-1')?.[0]?.state).toBe('Delivered');
  });

  test('a change of leader in the middle of failures: goes on counting where the last one stood', async () => {
    const cluster = createFakeCluster();
    const before: Notification = { receiver: 'chat', phase: 'Pending', state: 'Retrying', attempts: 3, at: at(0) };
    cluster.put(holdOf('h-1', [['chat', ['Pending']]], { phase: 'Pending', decisions: [], notifications: [before] }));
    const replica = createReplica(cluster);
    await replica.pass(8);
    expect(notedOn(cluster, 'h-1')).toMatchObject([{ state: 'Delivered', attempts: 4 }]);
  });

  test('not the leader: tells nobody; no longer the leader: tells nobody more', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    replica.world.isLeader = false;
    await replica.pass(60);
    expect([replica.sent, replica.events]).toEqual([[], []]);
    replica.world.isLeader = true;
    await replica.pass(1);
    replica.world.isLeader = false;
    await replica.pass(1);
    cluster.put(pendingOf('h-2', 'chat'));
    replica.change(cluster.get<Hold>('h-2') as Hold);
    await replica.pass(60);
    expect(replica.sent.map(({ hold }) => hold)).toEqual(['h-1']);
  });

  test('two that both believe to lead: told at most twice, by one id, and noted as delivered', async () => {
    const cluster = createFakeCluster();
    for (let i = 0; i < 20; i += 1) cluster.put(pendingOf(`h-${String(i)}`, 'chat'));
    const [one, two] = [createReplica(cluster), createReplica(cluster)];
    await Promise.all([one.pass(10), two.pass(10)]);
    const sent = [...one.sent, ...two.sent];
    expect(sent.length).toBeLessThanOrEqual(40);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(20);
    for (let i = 0; i < 20; i += 1) {
      expect(notedOn(cluster, `h-${String(i)}`)).toMatchObject([{ state: 'Delivered' }]);
    }
  });

  test('decided while the record is written: decision and record both stand', async () => {
    let decided = false;
    const cluster: FakeCluster = createFakeCluster((call) => {
      if (decided || call !== 'replace h-1') return;
      decided = true;
      const hold = cluster.get<Hold>('h-1') as Hold;
      cluster.put({ ...hold, status: { phase: 'Denied', decisions: [] } } as Hold);
    });
    cluster.put(pendingOf('h-1', 'chat'));
    await createReplica(cluster).pass(1);
    expect(cluster.get<Hold>('h-1')?.status).toMatchObject({
      phase: 'Denied',
      notifications: [{ state: 'Delivered' }],
    });
  });

  test('fails here, and was delivered by another that led in the meantime: stays delivered', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const late = createReplica(cluster);
    late.cache.freeze();
    await createReplica(cluster).pass(1);
    late.world.answer = () => refused;
    await late.pass(0);
    expect(late.sent).toHaveLength(1);
    expect(notedOn(cluster, 'h-1')).toMatchObject([{ state: 'Delivered' }]);
  });

  test('another hold of the same name, before the record of the first is written: told too, and only of its own', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    let writable = false;
    const replica = createReplica(cluster, { writable: () => writable });
    await replica.pass(0);
    const another = pendingOf('h-1', 'chat');
    cluster.delete('h-1');
    cluster.put({ ...another, metadata: { ...another.metadata, uid: 'another' } });
    replica.change(cluster.get<Hold>('h-1') as Hold);
    await replica.dispatcher.settled();
    expect(replica.sent).toHaveLength(2);
    writable = true;
    await replica.pass(40);
    expect(replica.sent).toHaveLength(2);
    expect(new Set(replica.sent.map(({ id }) => id)).size).toBe(2);
    expect(notedOn(cluster, 'h-1')).toMatchObject([{ state: 'Delivered', attempts: 1 }]);
  });

  test('decided before it could be told: given up, and said', async () => {
    const cluster = createFakeCluster();
    cluster.put(holdOf('h-1', [['chat', ['Pending', 'Denied']]], { phase: 'Denied', decisions: [] }));
    const replica = createReplica(cluster);
    await replica.pass(1);
    expect(notedOn(cluster, 'h-1')).toEqual([
      {
        receiver: 'chat',
        phase: 'Pending',
        state: 'GivenUp',
        attempts: 0,
        at: at(0),
        problem: 'it is pending no more',
      },
      { receiver: 'chat', phase: 'Denied', state: 'Delivered', attempts: 1, at: at(0) },
    ]);
    expect(replica.counts).toEqual({ 'givenUp chat': 1, 'delivered chat': 1, pending: 0 });
  });

  test('deleted while it waits: forgotten', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    replica.world.answer = () => refused;
    await replica.pass(0);
    cluster.delete('h-1');
    await replica.pass(60);
    expect([replica.sent.length, replica.counts['pending']]).toEqual([1, 0]);
  });

  test('an end while a receiver hangs: broken off, and not held against it', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    replica.world.answer = () => new Promise(() => undefined);
    replica.dispatcher.tick();
    await turns();
    await replica.dispatcher.close();
    expect([replica.sent.length, notedOn(cluster, 'h-1')]).toEqual([1, undefined]);
  });
});

describe('a receiver that fails', () => {
  test('retried later and later, by the same id, and given up after an hour', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    replica.world.answer = () => ({ ok: false, reason: 'Status', problem: 'status 500' });
    await replica.pass(3_660);
    expect(new Set(replica.sent.map(({ id }) => id))).toEqual(new Set([idOf('h-1', 'Pending', 'chat')]));
    // Jitter draws the waits; at their longest, an hour has 20.
    expect(replica.sent.length).toBeGreaterThanOrEqual(20);
    expect(replica.sent.length).toBeLessThan(60);
    expect(notedOn(cluster, 'h-1')).toMatchObject([
      { state: 'GivenUp', attempts: replica.sent.length, problem: 'not within an hour; last: status 500' },
    ]);
    expect(replica.counts).toEqual({
      'failed chat Status': replica.sent.length,
      'givenUp chat': 1,
      pending: 0,
    });
  });

  test('dead, and a hundred holds wait: left alone after a few, every hold says so, and all are told once it is back', async () => {
    const cluster = createFakeCluster();
    const names = Array.from({ length: 100 }, (_, i) => `h-${String(i)}`);
    for (const name of names) cluster.put(pendingOf(name, 'chat'));
    const replica = createReplica(cluster);
    replica.world.answer = () => refused;
    await replica.pass(1_800);
    // Four at once before it is known, then one after 5, 10, 20, 40, and each further 60 s.
    expect(replica.sent.length).toBeLessThanOrEqual(8 + 4 + 30);
    expect(replica.sent.length).toBeGreaterThan(20);
    expect(replica.counts['pending']).toBe(100);
    for (const name of names) {
      expect(notedOn(cluster, name)).toMatchObject([
        { state: 'Retrying', problem: expect.stringContaining('connection failed: ECONNREFUSED') },
      ]);
    }
    replica.world.answer = () => ({ ok: true });
    await replica.pass(420);
    for (const name of names) expect(notedOn(cluster, name)).toMatchObject([{ state: 'Delivered' }]);
    expect(replica.counts).toMatchObject({ 'delivered chat': 100, pending: 0 });
  });

  test('one that hangs: takes four slots, and the other receiver is told of everything', async () => {
    const cluster = createFakeCluster();
    for (let i = 0; i < 50; i += 1) cluster.put(pendingOf(`h-${String(i)}`, 'chat', 'pager'));
    const replica = createReplica(cluster);
    replica.world.answer = (receiver) => (receiver === 'chat' ? new Promise(() => undefined) : { ok: true });
    for (let i = 0; i < 20; i += 1) {
      replica.dispatcher.tick();
      await turns();
    }
    expect(replica.sent.filter(({ receiver }) => receiver === 'chat')).toHaveLength(4);
    expect(replica.counts['delivered pager']).toBe(50);
    await replica.dispatcher.close();
  });

  test('one that asks for patience: left alone for as long', async () => {
    const cluster = createFakeCluster();
    for (let i = 0; i < 10; i += 1) cluster.put(pendingOf(`h-${String(i)}`, 'chat'));
    const replica = createReplica(cluster);
    replica.world.answer = () => ({ ok: false, reason: 'Status', problem: 'status 429', retryAfterMs: 30_000 });
    await replica.pass(29.5);
    expect(replica.sent).toHaveLength(4);
    replica.world.answer = () => ({ ok: true });
    await replica.pass(10);
    expect(replica.counts['delivered chat']).toBe(10);
  });

  test('one that is no longer in the file: said on the hold, and no label of the metrics', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'gone'));
    const replica = createReplica(cluster);
    await replica.pass(0);
    expect(notedOn(cluster, 'h-1')).toMatchObject([
      { receiver: 'gone', state: 'Retrying', attempts: 1, problem: 'no receiver of this name in the receivers file' },
    ]);
    expect(replica.counts).toMatchObject({ 'failed unknown UnknownReceiver': 1 });
  });
});

test('a thousand holds at once: each told once, four at a time', async () => {
  const cluster = createFakeCluster();
  for (let i = 0; i < 1_000; i += 1) cluster.put(pendingOf(`h-${String(i)}`, 'chat'));
  const replica = createReplica(cluster);
  await replica.pass(60);
  expect(replica.sent).toHaveLength(1_000);
  expect(replica.most.get('chat')).toBe(4);
  expect(replica.counts).toEqual({ 'delivered chat': 1_000, pending: 0 });
  expect(replica.events).toHaveLength(1_000);
});

describe('events', () => {
  const used: HoldStatus = {
    phase: 'Used',
    decisions: [{ by: 'alice', verdict: 'approve', at: at(-3_000) }],
    useBefore: at(-2_400),
    usedBy: { requestUid: 'x', at: at(-30) },
  };

  test('one for each phase of the last ten minutes, also where nobody else is told', async () => {
    const cluster = createFakeCluster();
    cluster.put(holdOf('h-1', [], used));
    const replica = createReplica(cluster);
    await replica.pass(60);
    expect(replica.events).toEqual(['h-1.held.uid-of-h-1', 'h-1.used.uid-of-h-1']);
    expect(cluster.writes).toEqual([]);
  });

  test('not taken: tried again after a pause, and receivers are told meanwhile', async () => {
    const cluster = createFakeCluster();
    cluster.put(pendingOf('h-1', 'chat'));
    const replica = createReplica(cluster);
    let tries = 0;
    replica.world.events = () => {
      tries += 1;
      throw new Error('forbidden');
    };
    await replica.pass(9.5);
    expect([tries, replica.sent.length]).toEqual([1, 1]);
    replica.world.events = () => undefined;
    await replica.pass(30);
    expect(replica.events).toEqual(['h-1.held.uid-of-h-1']);
  });
});
