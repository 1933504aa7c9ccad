import {
  coversWrite,
  grantUseOf,
  type Ask,
  type Grant,
  type Hmac,
  type UsingRequest,
  type Verdict,
} from '@holdpoint/core';
import { isOutdated, kinds, type KubeClient, type ObjectCache } from '@holdpoint/platform';

/** Where a request that would be held meets the grants that stand in for its holds. */
export interface GrantDesk {
  /**
   * Uses a grant for every policy that asks for an approval.
   *
   * @returns their names; undefined when for one of the policies there is none, and then none has been used for nothing but a
   *   count: a grant is used up rather than used twice
   * @throws KubeApiError when the API server does not answer as expected: the caller fails closed
   */
  use(ask: Ask, request: UsingRequest, digest: () => string): Promise<readonly string[] | undefined>;
  /** As `use`, but looks only, and at our own copy: for a dry run. */
  peek(ask: Ask, request: UsingRequest, digest: () => string): readonly string[] | undefined;
}

/** Each round lost a race for the same grant to another request, and so saw it counted; more than this is no race. */
const maxRounds = 16;

/**
 * The cache only finds candidates; what is relied on is read from the API server, so that a grant which was revoked a moment ago,
 * on whatever replica, lets nothing through.
 */
export function createGrantDesk(kube: KubeClient, cache: ObjectCache<Grant>, hmac: Hmac): GrantDesk {
  const candidatesFor = (verdict: Verdict, ask: Ask, request: UsingRequest, digest: () => string): Grant[] =>
    cache
      .list()
      .filter(
        (grant) => coversWrite(grant, verdict, ask.write, hmac) && grantUseOf(grant, request, digest).type !== 'No',
      );

  const useOne = async (verdict: Verdict, ask: Ask, request: UsingRequest, digest: () => string) => {
    for (const candidate of candidatesFor(verdict, ask, request, digest)) {
      const name = candidate.metadata.name ?? '';
      for (let round = 0; round < maxRounds; round += 1) {
        const grant = await kube.get<Grant>(kinds.grants, name);
        if (grant === undefined || !coversWrite(grant, verdict, ask.write, hmac)) break;
        const use = grantUseOf(grant, request, digest);
        if (use.type === 'No') break;
        if (use.type === 'Pass' || (await wasWritten(kube, { ...grant, status: use.status }))) return name;
      }
    }
    return undefined;
  };

  return {
    async use(ask, request, digest) {
      const names: string[] = [];
      for (const verdict of [ask.verdict, ...ask.verdict.alsoHeldBy]) {
        const name = await useOne(verdict, ask, request, digest);
        if (name === undefined) return undefined;
        names.push(name);
      }
      return names;
    },
    peek(ask, request, digest) {
      const names: string[] = [];
      for (const verdict of [ask.verdict, ...ask.verdict.alsoHeldBy]) {
        const [first] = candidatesFor(verdict, ask, request, digest);
        if (first === undefined) return undefined;
        names.push(first.metadata.name ?? '');
      }
      return names;
    },
  };
}

/** False when somebody else changed it meanwhile: look again. */
async function wasWritten(kube: KubeClient, grant: Grant): Promise<boolean> {
  try {
    await kube.replace<Grant>(kinds.grants, grant);
    return true;
  } catch (error) {
    if (isOutdated(error)) return false;
    throw error;
  }
}
