import { AuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node';

/** A question about somebody's permission. */
export interface AccessQuestion {
  /** Undefined to ask for a group alone. */
  user: string | undefined;
  groups: readonly string[];
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
  return async ({ user, groups, verb, group, resource, namespace }) => {
    const review = await api.createSubjectAccessReview({
      body: {
        spec: {
          ...(user === undefined ? {} : { user }),
          groups: [...groups],
          resourceAttributes: { verb, group, resource, ...(namespace === '' ? {} : { namespace }) },
        },
      },
    });
    return review.status?.allowed === true;
  };
}
