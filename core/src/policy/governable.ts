import type { Subject } from '../identity/subject.ts';

/** Groups that the cluster itself stands on, or that mean everybody. Source: apiserver user.go, and RBAC's bootstrap policy. */
const ungovernableGroups = [
  'system:authenticated',
  'system:unauthenticated',
  'system:masters',
  'system:nodes',
  'system:bootstrappers',
  'system:monitoring',
  'system:serviceaccounts',
  'system:serviceaccounts:kube-system',
  'system:serviceaccounts:holdpoint-system',
];

/** Users of the control plane: the webhook's answer to one of their writes may itself wait for one of their writes. */
const ungovernableUsers =
  /^system:(?:apiserver|anonymous|kube-|node:|volume-scheduler|serviceaccount:(?:kube-system|holdpoint-system):)/;

/**
 * Why nobody should govern this subject, or undefined. A policy fails closed: one that names the control plane, or everybody,
 * stops the cluster with the first fault of ours.
 */
export function subjectProblem(subject: Subject): string | undefined {
  const name =
    subject.kind === 'ServiceAccount'
      ? `system:serviceaccount:${subject.namespace ?? ''}:${subject.name}`
      : subject.name;
  const refused = subject.kind === 'Group' ? ungovernableGroups.includes(name) : ungovernableUsers.test(name);
  if (!refused) return undefined;
  const whom = subject.kind === 'Group' ? 'group' : 'account';
  return `the ${whom} "${name}" keeps the cluster running or means everybody; name the agents' own groups or accounts`;
}
