import { elevationOf } from '../identity/elevation-groups.ts';
import { extraKeys, extraOf } from '../identity/user-info.ts';
import type { Verdict } from '../policy/evaluate.ts';
import { isNeverElevated } from '../policy/never-elevated.ts';
import type { AdmissionRequest } from './admission-review.ts';

/**
 * Why a request may not have the permission that it came with, or undefined. By the groups themselves, as the API server tells them:
 * RBAC has already let them do what they like, and nothing but this stands behind it. The permission has to be what the very rule
 * that decides adds, no more and no less, and the proxy, which masks and records, has to have added it.
 *
 * @param verdict of the rule that decides; undefined where nobody governs the user
 */
export function refusedElevation(request: AdmissionRequest, verdict: Verdict | undefined): string | undefined {
  const groups = elevationOf(request.user);
  if (groups.length === 0) return undefined;
  const borrowed = `the request is made with the permission of ${groups.join(', ')}, `;
  if (extraOf(request.user, extraKeys.request) === undefined) {
    return `${borrowed}which only the proxy adds to a request. Nobody is in such a group.`;
  }
  if (verdict === undefined) return `${borrowed}and no policy governs its user.`;
  if (isNeverElevated(request)) return `${borrowed}which no rule adds to what gives or hands on a permission.`;
  const given = verdict.elevate ?? [];
  if (given.length === groups.length && given.every((group, i) => group === groups[i])) return undefined;
  return `${borrowed}which the rule that decides it ("${verdict.rule}" of policy "${verdict.policy}") does not add.`;
}
