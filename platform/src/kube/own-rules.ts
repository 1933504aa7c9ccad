import { AuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node';
import { HoldpointError, type OwnRules } from '@holdpoint/core';

/**
 * What the API server says we may do in a namespace, and everywhere (SelfSubjectRulesReview). An authorizer that cannot list
 * its rules leaves them out: what is there is true, what is not may still be allowed.
 *
 * @throws HoldpointError ERR_UPSTREAM_UNAVAILABLE when it does not say
 */
export async function ownRules(config: KubeConfig, namespace: string): Promise<OwnRules & { incomplete: boolean }> {
  const api = config.makeApiClient(AuthorizationV1Api);
  const { status } = await api.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  if (status === undefined) {
    throw new HoldpointError(
      'ERR_UPSTREAM_UNAVAILABLE',
      'the API server does not say what we may do (SelfSubjectRulesReview)',
    );
  }
  return {
    namespace,
    rules: [...status.resourceRules, ...status.nonResourceRules],
    incomplete: status.incomplete,
  };
}
