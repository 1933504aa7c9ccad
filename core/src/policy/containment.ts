import { serviceAccountUsername, type Subject } from '../identity/subject.ts';

/** One thing that RBAC may let a subject do and that admission is never asked about, or asked about in another's name. */
export interface UncontainedAccess {
  verb: string;
  group: string;
  resource: string;
  /** True where a RoleBinding in any one namespace is enough. */
  isNamespaced: boolean;
}

const admissionKinds = [
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
] as const;
const writes = ['create', 'update', 'patch', 'delete'] as const;

/**
 * What a governed subject must not be given by RBAC, since nothing of ours stands in its way: to speak as somebody else
 * (admission sees whom is spoken as, and nobody governs them), and to rewrite admission itself (the API server asks no
 * webhook about that). The built-in roles `edit` and `admin` have the first of these.
 * Source: apiserver pkg/admission/plugin/webhook/predicates/rules IsExemptAdmissionConfigurationResource.
 */
export const uncontainedAccess: readonly UncontainedAccess[] = [
  ...['users', 'groups'].map((resource) => ({ verb: 'impersonate', group: '', resource, isNamespaced: false })),
  { verb: 'impersonate', group: '', resource: 'serviceaccounts', isNamespaced: true },
  ...admissionKinds.flatMap((resource) =>
    writes.map((verb) => ({ verb, group: 'admissionregistration.k8s.io', resource, isNamespaced: false })),
  ),
];

/** Whom a SubjectAccessReview asks about for a policy's subject: with the groups that it is in at the least. */
export function reviewedAs(subject: Subject): { user: string | undefined; groups: string[] } {
  const everybody = 'system:authenticated';
  switch (subject.kind) {
    case 'User':
      return { user: subject.name, groups: [everybody] };
    case 'Group':
      return { user: undefined, groups: [subject.name, everybody] };
    case 'ServiceAccount': {
      const namespace = subject.namespace ?? '';
      return {
        user: serviceAccountUsername(namespace, subject.name),
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, everybody],
      };
    }
  }
}

/** `impersonate serviceaccounts in 3 namespaces`, `create, patch validatingwebhookconfigurations`: a line a resource. */
export function tellUncontained(found: readonly { access: UncontainedAccess; namespaces: number }[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { access, namespaces } of found) {
    const where = namespaces === 0 ? '' : ` in ${String(namespaces)} namespace${namespaces === 1 ? '' : 's'}`;
    const what = `${access.resource}${where}`;
    lines.set(what, [...(lines.get(what) ?? []), access.verb]);
  }
  return [...lines].map(([what, verbs]) => `${verbs.join(', ')} ${what}`);
}
