import type { UserInfo } from './user-info.ts';

/** RBAC's own Subject shape. Source: k8s.io/api/rbac/v1. */
export interface Subject {
  kind: 'User' | 'Group' | 'ServiceAccount';
  name: string;
  /** ServiceAccount only. */
  namespace?: string;
}

/** The username under which the API server knows a ServiceAccount. Source: apiserver serviceaccount/util.go. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** True when `subject` names this user, its group, or its service account. */
export function isSubject(subject: Subject, user: Pick<UserInfo, 'username' | 'groups'>): boolean {
  switch (subject.kind) {
    case 'User':
      return user.username === subject.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount':
      return user.username === serviceAccountUsername(subject.namespace ?? '', subject.name);
  }
}
