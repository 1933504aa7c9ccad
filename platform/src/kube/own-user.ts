import { AuthenticationV1Api, type KubeConfig } from '@kubernetes/client-node';
import { HoldpointError, type UserInfo } from '@holdpoint/core';

/**
 * Who the API server says we are (SelfSubjectReview).
 *
 * @throws HoldpointError ERR_UPSTREAM_UNAVAILABLE when it does not say
 */
export async function ownUser(config: KubeConfig): Promise<UserInfo> {
  const api = config.makeApiClient(AuthenticationV1Api);
  const review = await api.createSelfSubjectReview({ body: {} });
  const { username, groups = [], extra = {} } = review.status?.userInfo ?? {};
  if (username === undefined || username === '') {
    throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'the API server does not say who we are (SelfSubjectReview)');
  }
  return { username, groups, extra };
}
