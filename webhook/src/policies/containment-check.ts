import {
  reviewedAs,
  tellUncontained,
  uncontainedAccess,
  type AccessPolicy,
  type Condition,
  type Subject,
  type UncontainedAccess,
} from '@holdpoint/core';
import type { ReviewAccess } from '@holdpoint/platform';

/** In a cluster of thousands of namespaces the first ones tell enough: a binding that is repeated is repeated there too. */
const maxNamespaces = 200;

/**
 * Asks what a policy's subjects could do past admission by RBAC alone, and says it as a condition. It can only ask about the
 * subjects as the policy names them: what an agent may do by another group of its own stays unsaid.
 */
export async function checkContainment(
  policy: AccessPolicy,
  reviewAccess: ReviewAccess,
  namespaces: readonly string[],
): Promise<Pick<Condition, 'type' | 'status' | 'reason' | 'message'>> {
  const told: string[] = [];
  for (const subject of policy.spec.subjects) {
    const lines = tellUncontained(await uncontainedOf(subject, reviewAccess, namespaces.slice(0, maxNamespaces)));
    if (lines.length > 0) told.push(`${subject.kind} ${subject.name}: ${lines.join('; ')}`);
  }
  if (told.length === 0) {
    const message = 'RBAC lets its subjects do nothing that admission is not asked about';
    return { type: 'Contained', status: 'True', reason: 'NothingBeyondAdmission', message };
  }
  const message = `admission is not asked about this, and RBAC allows it. Take it away. ${told.join('. ')}`;
  return { type: 'Contained', status: 'False', reason: 'AllowedByRBAC', message: message.slice(0, 1_000) };
}

async function uncontainedOf(subject: Subject, reviewAccess: ReviewAccess, namespaces: readonly string[]) {
  const found: { access: UncontainedAccess; namespaces: number }[] = [];
  for (const access of uncontainedAccess) {
    const { verb, group, resource } = access;
    const isAllowed = (namespace: string): Promise<boolean> =>
      reviewAccess({ ...reviewedAs(subject), verb, group, resource, namespace });
    if (await isAllowed('')) found.push({ access, namespaces: 0 });
    else if (access.isNamespaced) {
      let count = 0;
      for (const namespace of namespaces) if (await isAllowed(namespace)) count += 1;
      if (count > 0) found.push({ access, namespaces: count });
    }
  }
  return found;
}
