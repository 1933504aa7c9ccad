import { isSubject } from '../identity/subject.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy } from './access-policy.ts';

/** The policies whose subjects name this user, as they came: compiled or not. Webhook and proxy ask here, and so agree. */
export function governingPolicies<Policy extends Pick<AccessPolicy, 'spec'>>(
  policies: readonly Policy[],
  user: Pick<UserInfo, 'username' | 'groups'>,
): Policy[] {
  return policies.filter((policy) => policy.spec.subjects.some((subject) => isSubject(subject, user)));
}
