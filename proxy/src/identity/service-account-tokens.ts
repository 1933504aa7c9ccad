import {
  authenticatedGroup,
  extraKeys,
  HoldpointError,
  impersonationProblem,
  isJsonObject,
  messageOf,
  serviceAccountNamespace,
  type UserInfo,
} from '@holdpoint/core';
import type { RawClient, ReviewToken } from '@holdpoint/platform';
import { toKeySet, type FetchKeys } from './discovery.ts';
import { createKeySet } from './key-set.ts';
import { createJwtIssuer } from './jwt-issuer.ts';

/** The cluster as an issuer: of service-account tokens. */
export interface ClusterIssuer {
  url: string;
  fetchKeys: FetchKeys;
}

/** Resolves with the account and its token's end. Rejects with ERR_TOKEN_INVALID or ERR_UPSTREAM_UNAVAILABLE. */
export type AuthenticateServiceAccount = (token: string) => Promise<{ user: UserInfo; expiresAtMs: number }>;

const podUidExtra = 'authentication.kubernetes.io/pod-uid';

/**
 * Asks the API server which issuer its service-account tokens name, and where their keys are.
 *
 * @throws HoldpointError ERR_UPSTREAM_UNAVAILABLE saying what it would need
 */
export async function findClusterIssuer(client: Pick<RawClient, 'get'>): Promise<ClusterIssuer> {
  let document: unknown;
  try {
    document = await client.get('/.well-known/openid-configuration');
  } catch (cause) {
    throw new HoldpointError(
      'ERR_UPSTREAM_UNAVAILABLE',
      `the API server does not say who issues service-account tokens: ${messageOf(cause)}. ` +
        'Kubernetes gives this to every service account by the cluster role system:service-account-issuer-discovery.',
      { cause },
    );
  }
  const url = isJsonObject(document) ? document.issuer : undefined;
  if (typeof url !== 'string') {
    throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'the API server names no issuer of service-account tokens');
  }
  const fetchKeys: FetchKeys = async () =>
    // It has them in this form alone, and answers 406 to any other wish.
    toKeySet(await client.get('/openid/v1/jwks', { accept: 'application/jwk-set+json' }), '/openid/v1/jwks');
  return { url, fetchKeys };
}

/**
 * Service accounts by their tokens. The signature is checked here first, so that made-up tokens cost the API server nothing;
 * then the API server is asked (TokenReview), for it alone knows whether the account, its pod or secret is still there.
 *
 * @param input.namespaces whose accounts are served
 * @param input.audience that tokens must be for; empty: the API server's own
 * @param input.now milliseconds
 */
export function createServiceAccountTokens(input: {
  cluster: ClusterIssuer;
  review: ReviewToken;
  namespaces: readonly string[];
  audience: string;
  sessionClaims: readonly string[];
  now: () => number;
}): AuthenticateServiceAccount {
  const issuer = createJwtIssuer({
    url: input.cluster.url,
    audiences: input.audience === '' ? undefined : [input.audience],
    keys: createKeySet(input.cluster.url, input.cluster.fetchKeys, input.now),
    now: input.now,
  });
  return async (token) => {
    const { claims, expiresAtMs } = await issuer.verify(token);
    let found: UserInfo | undefined;
    try {
      found = await input.review(token);
    } catch (cause) {
      throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', `the API server reviews no token: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (found === undefined) throw refused('the API server knows nobody by this service-account token');
    const { username } = found;
    const namespace = serviceAccountNamespace(username);
    if (namespace === undefined || username !== claims.sub) throw refused('the token is of no service account');
    if (!input.namespaces.includes(namespace)) {
      throw refused(`service accounts of ${namespace} are not served; served: ${input.namespaces.join(', ')}`);
    }
    const problem = impersonationProblem(found);
    if (problem !== undefined) throw refused(problem);
    // A pod's token is replaced every hour; its session lasts as long as the pod.
    const named = input.sessionClaims.map((claim) => claims[claim]).find((value) => typeof value === 'string');
    const session = found.extra[podUidExtra]?.[0] ?? named;
    const user = {
      ...found,
      groups: found.groups.filter((group) => group !== authenticatedGroup),
      extra: { ...found.extra, ...(session === undefined ? {} : { [extraKeys.session]: [session] }) },
    };
    return { user, expiresAtMs };
  };
}

function refused(problem: string): HoldpointError {
  return new HoldpointError('ERR_TOKEN_INVALID', problem);
}
