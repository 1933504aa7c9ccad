import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '@holdpoint/core';
import type { Logger } from '../logger.ts';
import { KubeApiError, type KubeClient } from './client.ts';
import { createCandidate, startLeaderElection, type Candidate, type Lease } from './lease.ts';

/** An API server with room for one lease, and a clock for everybody. */
function world() {
  let stored: Lease | undefined;
  let version = 0;
  let failing: unknown;
  let elapsed = 0;
  const store = <T extends KubernetesObject>(object: T): T => {
    version += 1;
    stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    }) as Lease;
    return structuredClone(stored) as unknown as T;
  };
  const answer = async (): Promise<void> => {
    await Promise.resolve();
    if (failing !== undefined) throw failing;
  };
  const kube: Pick<KubeClient, 'get' | 'create' | 'replace'> = {
    async get<T extends KubernetesObject>() {
      await answer();
      return structuredClone(stored) as T | undefined;
    },
    async create(_kind, object) {
      await answer();
      if (stored !== undefined) throw new KubeApiError(409, undefined, undefined);
      return store(object);
    },
    async replace(_kind, object) {
      await answer();
      if (stored?.metadata.resourceVersion !== object.metadata.resourceVersion) {
        throw new KubeApiError(409, undefined, undefined);
      }
      return store(object);
    },
  };
  return {
    candidate: (identity: string, wallMs = 0) =>
      createCandidate({
        kube,
        namespace: 'holdpoint-system',
        name: 'holdpoint-webhook',
        identity,
        now: () => Date.parse('2026-01-01T00:00:00.000Z') + wallMs + elapsed,
        elapsedMs: () => elapsed,
      }),
    pass: (ms: number) => void (elapsed += ms),
    fail: (error: unknown) => void (failing = error),
    lease: () => stored,
  };
}
const leaders = (...candidates: Candidate[]): number[] =>
  candidates.flatMap((candidate, i) => (candidate.isLeader() ? [i] : []));

describe('createCandidate', () => {
  test('nobody has it: taken, and written as the API server wants it', async () => {
    const { candidate, lease } = world();
    const a = candidate('a');
    expect(a.isLeader()).toBe(false);
    await a.attempt();
    expect(a.isLeader()).toBe(true);
    expect(lease()).toEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'holdpoint-webhook', namespace: 'holdpoint-system', resourceVersion: '1' },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-01T00:00:00.000000Z',
        renewTime: '2026-01-01T00:00:00.000000Z',
        leaseTransitions: 0,
      },
    });
  });

  test('two at the same moment: one', async () => {
    const { candidate } = world();
    const [a, b] = [candidate('a'), candidate('b')];
    await Promise.all([a.attempt(), b.attempt()]);
    expect(leaders(a, b)).toHaveLength(1);
  });

  test('renewed in time: the other never gets it; acquired once', async () => {
    const { candidate, pass, lease } = world();
    const [a, b] = [candidate('a'), candidate('b')];
    for (let round = 0; round < 30; round += 1) {
      await a.attempt();
      await b.attempt();
      expect(leaders(a, b)).toEqual([0]);
      pass(2_000);
    }
    expect(lease()?.spec).toMatchObject({ acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 0 });
  });

  test('the leader dies: the other takes over once the lease has run out, and never before the first gave up', async () => {
    const { candidate, pass, lease } = world();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.attempt();
    const led: number[][] = [];
    for (let second = 0; second <= 15; second += 1) {
      await b.attempt();
      led.push(leaders(a, b));
      pass(1_000);
    }
    expect(led).toEqual([...Array.from({ length: 10 }, () => [0]), ...Array.from({ length: 5 }, () => []), [1]]);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    await a.attempt();
    expect(leaders(a, b)).toEqual([1]);
  });

  test.each([
    { situation: 'an hour behind', wallMs: -3_600_000 },
    { situation: 'an hour ahead', wallMs: 3_600_000 },
  ])("a clock that is $situation: takes nothing before the other's lease has run out", async ({ wallMs }) => {
    const { candidate, pass } = world();
    const [a, b] = [candidate('a'), candidate('b', wallMs)];
    await a.attempt();
    await b.attempt();
    expect(leaders(a, b)).toEqual([0]);
    pass(14_000);
    await b.attempt();
    expect(leaders(a, b)).toEqual([]);
    pass(1_000);
    await b.attempt();
    expect(leaders(a, b)).toEqual([1]);
  });

  test('a renewal that takes long: leads no longer than from before it was sent', async () => {
    const { candidate, pass } = world();
    const a = candidate('a');
    const renewing = a.attempt();
    pass(9_000);
    await renewing;
    expect(a.isLeader()).toBe(true);
    pass(1_000);
    expect(a.isLeader()).toBe(false);
  });

  test('the API server fails: rejects; it leads on until it must give up, and takes it again after', async () => {
    const { candidate, pass, fail } = world();
    const a = candidate('a');
    await a.attempt();
    fail(new KubeApiError(500, undefined, undefined));
    pass(9_000);
    await expect(a.attempt()).rejects.toMatchObject({ code: 500 });
    expect(a.isLeader()).toBe(true);
    pass(1_000);
    expect(a.isLeader()).toBe(false);
    fail(undefined);
    await a.attempt();
    expect(a.isLeader()).toBe(true);
  });

  test('released: the next may have it at once', async () => {
    const { candidate } = world();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.attempt();
    await b.attempt();
    await a.release();
    expect(leaders(a, b)).toEqual([]);
    await b.attempt();
    expect(leaders(a, b)).toEqual([1]);
  });

  test("released by one that does not lead: the leader's lease stays", async () => {
    const { candidate, lease } = world();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.attempt();
    await b.attempt();
    await b.release();
    expect(lease()?.spec?.holderIdentity).toBe('a');
  });
});

describe('startLeaderElection', () => {
  test('leads, tells failures and goes on, and releases at the end', async () => {
    const { candidate, fail, lease } = world();
    const logged: string[] = [];
    const note = (_fields: object, message: string): void => void logged.push(message);
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    let wake: () => void = () => undefined;
    const sleep = (_ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve());
      });
    const round = async (): Promise<void> => {
      wake();
      await new Promise(setImmediate);
    };
    fail(new KubeApiError(403, undefined, undefined));
    const election = startLeaderElection(candidate('a'), logger, sleep);
    await round();
    expect(election.isLeader()).toBe(false);
    fail(undefined);
    await round();
    expect(election.isLeader()).toBe(true);
    await election.stop();
    expect(election.isLeader()).toBe(false);
    expect(lease()?.spec?.holderIdentity).toBe('');
    expect([...new Set(logged)]).toEqual(['lease not renewed', 'leadership changed']);
  });
});
