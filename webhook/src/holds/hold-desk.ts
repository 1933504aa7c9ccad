import {
  asksOfVerdict,
  holdNameOf,
  HoldpointError,
  newHold,
  phaseAt,
  useOf,
  type Decision,
  type Hold,
  type HoldTerms,
  type NewHoldInput,
  type UsingRequest,
} from '@holdpoint/core';
import { KubeApiError, kinds, type KubeClient, type ObjectCache } from '@holdpoint/platform';

/** What becomes of a request that needs an approval. */
export type DeskAnswer =
  | { type: 'Admitted'; hold: Hold }
  | { type: 'Held'; hold: Hold }
  | { type: 'Denied'; hold: Hold; decision: Decision | undefined }
  | { type: 'TooManyPending'; pending: number };

export interface HoldDesk {
  /**
   * Uses an approval of exactly this change, or finds or creates the hold that asks for one.
   *
   * @throws KubeApiError when the API server does not answer as expected: the caller fails closed
   */
  ask(input: NewHoldInput, request: UsingRequest): Promise<DeskAnswer>;
  /** As `ask`, but looks only, and at our own copy: nothing is created or used. */
  peek(digest: string, request: UsingRequest, terms: HoldTerms): DeskAnswer | undefined;
}

/** Each round lost a race to another replica, and so saw progress; more than this is no race. */
const maxRounds = 16;

/**
 * Where a held request meets its hold. The order is the point: an approval is written as used, by optimistic concurrency,
 * *before* the request is answered, so that of fifty identical requests on two replicas one passes. The cache only finds
 * the name; what is decided on is read from the API server.
 */
export function createHoldDesk(kube: KubeClient, cache: ObjectCache<Hold>): HoldDesk {
  const young = createYoungHolds(cache);
  return {
    async ask(input, request) {
      let attempt = attemptIn(cache, input.digest, request, asksOfVerdict(input.verdict));
      for (let round = 0; round < maxRounds; round += 1) {
        const hold = await kube.get<Hold>(kinds.holds, holdNameOf(input.digest, attempt));
        if (hold === undefined) {
          const answer = await create(kube, young, input, attempt);
          if (answer !== undefined) return answer;
          continue;
        }
        const outcome =
          hold.spec.digest === input.digest
            ? useOf(hold, request, asksOfVerdict(input.verdict))
            : ({ type: 'Finished' } as const);
        switch (outcome.type) {
          case 'Wait':
            return { type: 'Held', hold };
          case 'Denied':
            return { type: 'Denied', hold, decision: outcome.decision };
          case 'UsedByThisRequest':
            return { type: 'Admitted', hold };
          case 'Finished':
            attempt += 1;
            break;
          case 'Use': {
            const used = await replace(kube, { ...hold, status: outcome.status });
            if (used !== undefined) return { type: 'Admitted', hold: used };
            break;
          }
        }
      }
      throw new HoldpointError(
        'ERR_HOLD_CONFLICT',
        `${holdNameOf(input.digest, attempt)}: the hold changed ${String(maxRounds)} times while it was being asked for`,
      );
    },

    peek(digest, request, terms) {
      const hold = cache.get(holdNameOf(digest, attemptIn(cache, digest, request, terms)));
      if (hold === undefined || hold.spec.digest !== digest) return undefined;
      const outcome = useOf(hold, request, terms);
      if (outcome.type === 'Denied') return { type: 'Denied', hold, decision: outcome.decision };
      return outcome.type === 'Use' ? { type: 'Admitted', hold } : { type: 'Held', hold };
    },
  };
}

/** The attempt to look at first: one that is still open, else the one after the last that is known. */
function attemptIn(cache: ObjectCache<Hold>, digest: string, request: UsingRequest, terms: HoldTerms): number {
  let last = 0;
  for (const hold of cache.list()) {
    if (hold.spec.digest !== digest) continue;
    const attempt = Number(/^h-.{4}-.{4}-(\d+)$/.exec(hold.metadata.name ?? '')?.[1] ?? '1');
    if (useOf(hold, request, terms).type !== 'Finished') return attempt;
    last = Math.max(last, attempt);
  }
  return last + 1;
}

/** A subject's pending holds, those among them that our copy has not heard of yet. */
interface YoungHolds {
  pendingOf(username: string, nowMs: number): number;
  /** Counts `name` as pending while it is being created and until our copy has it. */
  expect(name: string, username: string, nowMs: number): () => void;
}

/**
 * The copy hears of a new hold within milliseconds, and under a flood within seconds; one that is not there after this was
 * deleted before it was heard of. Too long only refuses a subject for longer; too short lets its flood through.
 */
const heardWithinMs = 60_000;

/**
 * Fifty different requests at once would all count the same few pending holds in the copy, and all be let in. So what this
 * replica is creating counts too; replicas that do it at the same moment may overshoot by what each lets in within it.
 */
function createYoungHolds(cache: ObjectCache<Hold>): YoungHolds {
  const expected = new Map<string, { username: string; sinceMs: number }>();
  return {
    pendingOf(username, nowMs) {
      for (const [name, { sinceMs }] of expected) {
        if (cache.get(name) !== undefined || nowMs - sinceMs > heardWithinMs) expected.delete(name);
      }
      const known = cache
        .list()
        .filter((hold) => hold.spec.subject.username === username && phaseAt(hold, nowMs) === 'Pending');
      return known.length + [...expected.values()].filter((each) => each.username === username).length;
    },
    expect(name, username, nowMs) {
      expected.set(name, { username, sinceMs: nowMs });
      return () => void expected.delete(name);
    },
  };
}

async function create(
  kube: KubeClient,
  young: YoungHolds,
  input: NewHoldInput,
  attempt: number,
): Promise<DeskAnswer | undefined> {
  const { username } = input.user;
  const pending = young.pendingOf(username, input.nowMs);
  if (pending >= input.verdict.maxPending) return { type: 'TooManyPending', pending };
  const hold = newHold(input, attempt);
  const forget = young.expect(hold.metadata.name ?? '', username, input.nowMs);
  try {
    return await orUndefinedOnConflict(async () => ({
      type: 'Held',
      hold: await kube.create<Hold>(kinds.holds, hold),
    }));
  } catch (error) {
    if (isRefused(error)) forget();
    throw error;
  }
}

/** True when the hold does not exist for certain. After any other failure (a time-out, a lost connection) it may. */
function isRefused(error: unknown): boolean {
  return error instanceof KubeApiError && error.code >= 400 && error.code < 500;
}

function replace(kube: KubeClient, hold: Hold): Promise<Hold | undefined> {
  return orUndefinedOnConflict(() => kube.replace<Hold>(kinds.holds, hold));
}

/** 409 says that another replica was first: look again. */
async function orUndefinedOnConflict<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 409) return undefined;
    throw error;
  }
}
