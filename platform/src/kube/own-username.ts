import { AuthenticationV1Api, type KubeConfig } from '@kubernetes/client-node';
import { HoldpointError } from '@holdpoint/core';

/**
 * Who the API server says we are (SelfSubjectReview).
 *
 * @throws HoldpointError ERR_UPSTREAM_UNAVAILABLE when it does not say
 */
export async function ownUsername(config: KubeConfig): Promise<string> {
  const api = config.makeApiClient(AuthenticationV1Api);
  const review = await api.createSelfSubjectReview({ body: {} });
  const username = review.status?.userInfo?.username;
  if (username === undefined || username === '') {
    throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'the API server does not say who we are (SelfSubjectReview)');
  }
  return username;
}
