import { AuthenticationV1Api, AuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node';
import type { UserInfo } from '@holdpoint/core';

/** A question about somebody's permission. */
export interface AccessQuestion {
  /** Undefined to ask for a group alone. */
  user: string | undefined;
  groups: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
  verb: string;
  group: string;
  resource: string;
  /** Empty: everywhere. */
  namespace: string;
}

/** Asks the API server's authorizers (SubjectAccessReview). Rejects when they do not answer. */
export type ReviewAccess = (question: AccessQuestion) => Promise<boolean>;

export function createAccessReview(config: KubeConfig): ReviewAccess {
  const api = config.makeApiClient(AuthorizationV1Api);
  return async ({ user, groups, uid, extra, verb, group, resource, namespace }) => {
    const review = await api.createSubjectAccessReview({
      body: {
        spec: {
          ...(user === undefined ? {} : { user }),
          groups: [...groups],
          ...(uid === undefined ? {} : { uid }),
          ...(extra === undefined ? {} : { extra: copyOf(extra) }),
          resourceAttributes: { verb, group, resource, ...(namespace === '' ? {} : { namespace }) },
        },
      },
    });
    return review.status?.allowed === true;
  };
}

/** Undefined for a token that the API server knows nobody by. Rejects when it does not answer. */
export type ReviewToken = (token: string) => Promise<UserInfo | undefined>;

/**
 * Asks the API server whose token this is (TokenReview).
 *
 * @param audience whom the token must be meant for. @default the API server itself
 */
export function createTokenReview(config: KubeConfig, audience: string | undefined): ReviewToken {
  const api = config.makeApiClient(AuthenticationV1Api);
  return async (token) => {
    const spec = { token, ...(audience === undefined ? {} : { audiences: [audience] }) };
    const { status } = await api.createTokenReview({ body: { spec } });
    const { username, uid, groups = [], extra = {} } = status?.user ?? {};
    if (status?.authenticated !== true || username === undefined || username === '') return undefined;
    // An authenticator that knows no audiences names none, and has checked none.
    if (audience !== undefined && !(status.audiences ?? []).includes(audience)) return undefined;
    return { username, ...(uid === undefined ? {} : { uid }), groups, extra };
  };
}

function copyOf(extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}
