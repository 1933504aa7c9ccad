import type { KubernetesObject } from '@holdpoint/core';
import type { Logger } from '../logger.ts';
import { KubeApiError, type KubeClient } from './client.ts';
import { kinds } from './kinds.ts';

/** coordination.k8s.io/v1 Lease. Times are RFC 3339 with six digits, and for people: nobody decides by another's clock. */
export interface Lease extends KubernetesObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export interface CandidateOptions {
  kube: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  namespace: string;
  name: string;
  /** Of this process alone: two that shared one would both lead. */
  identity: string;
  /** The time, for what is written. */
  now: () => number;
  /** A clock that only goes forward, by which durations are told: setting the time must not make two leaders. */
  elapsedMs: () => number;
}

/** Whoever may come to lead. */
export interface Candidate {
  /** True for less long than others have to wait, counted from before the last renewal was sent. */
  isLeader(): boolean;
  /** Takes the lease, or renews it. Rejects when the API server fails; losing it to another is no failure. */
  attempt(): Promise<void>;
  /** Gives it up, so that another need not wait for its end. */
  release(): Promise<void>;
}

/**
 * As client-go's leader election has them: a leader that cannot renew gives up after 10 s, others wait 15 s from when they
 * last saw a change. The 5 s between are for clocks that run at different speeds and for a request under way.
 */
const leaseDurationMs = 15_000;
const renewDeadlineMs = 10_000;
const retryEveryMs = 2_000;

/** One candidate for one lease. Does nothing by itself: see `startLeaderElection`. */
export function createCandidate(options: CandidateOptions): Candidate {
  const { kube, name, identity, now, elapsedMs } = options;
  const kind = { ...kinds.leases, namespace: options.namespace };
  /** The version last seen, and when by our own clock: a holder is alive for as long as it changes. */
  let seen: { resourceVersion: string | undefined; atMs: number } | undefined;
  let renewedAtMs: number | undefined;

  const timestamp = (): string => new Date(now()).toISOString().replace('Z', '000Z');
  const written = (current: Lease | undefined): Lease => {
    const ours = current?.spec?.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: current?.metadata ?? { name, namespace: options.namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: leaseDurationMs / 1_000,
        acquireTime: (ours ? current.spec?.acquireTime : undefined) ?? timestamp(),
        renewTime: timestamp(),
        leaseTransitions: (current?.spec?.leaseTransitions ?? 0) + (current === undefined || ours ? 0 : 1),
      },
    };
  };
  const isHeldByAnother = (lease: Lease): boolean => {
    const { holderIdentity = '', leaseDurationSeconds = leaseDurationMs / 1_000 } = lease.spec ?? {};
    if (holderIdentity === '' || holderIdentity === identity) return false;
    const { resourceVersion } = lease.metadata;
    if (seen === undefined || seen.resourceVersion !== resourceVersion) seen = { resourceVersion, atMs: elapsedMs() };
    return elapsedMs() < seen.atMs + leaseDurationSeconds * 1_000;
  };

  return {
    isLeader: () => renewedAtMs !== undefined && elapsedMs() < renewedAtMs + renewDeadlineMs,
    async attempt() {
      // From before the request: however long it takes, others count from later.
      const startedAtMs = elapsedMs();
      const current = await kube.get<Lease>(kind, name);
      if (current !== undefined && isHeldByAnother(current)) {
        renewedAtMs = undefined;
        return;
      }
      try {
        if (current === undefined) await kube.create(kind, written(undefined));
        else await kube.replace(kind, written(current));
        renewedAtMs = startedAtMs;
      } catch (error) {
        // Another was first. What it wrote is read in the next round.
        if (!(error instanceof KubeApiError) || error.code !== 409) throw error;
        renewedAtMs = undefined;
      }
    },
    async release() {
      if (renewedAtMs === undefined) return;
      renewedAtMs = undefined;
      const current = await kube.get<Lease>(kind, name);
      if (current?.spec?.holderIdentity !== identity) return;
      const spec = { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: timestamp() };
      await kube.replace(kind, { ...current, spec });
    },
  };
}

export interface LeaderElection {
  isLeader(): boolean;
  /** Stops, and releases the lease. Never rejects. */
  stop(): Promise<void>;
}

/** Has a candidate try for ever. Failures are logged and tried again; while they last, nobody leads for long. */
export function startLeaderElection(
  candidate: Candidate,
  logger: Logger,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): LeaderElection {
  const stopping = new AbortController();
  let led = false;
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await candidate.attempt();
      } catch (error) {
        logger.warn({ err: error }, 'lease not renewed');
      }
      if (candidate.isLeader() !== led) {
        led = !led;
        logger.info({ leader: led }, 'leadership changed');
      }
      await sleep(retryEveryMs, stopping.signal);
    }
  };
  const running = run();
  return {
    isLeader: () => !stopping.signal.aborted && candidate.isLeader(),
    async stop() {
      stopping.abort();
      await running;
      try {
        await candidate.release();
      } catch (error) {
        // It runs out by itself.
        logger.warn({ err: error }, 'lease not released');
      }
    },
  };
}
