/** authentication.k8s.io/v1 UserInfo: who the API server says a request is from. */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
}

/**
 * The extras that the proxy, and only the proxy, may set while impersonating. The API server hands them on to admission
 * (`userInfo.extra`) and to the audit event (`impersonatedUser.extra`), always in lower case.
 */
export const extraKeys = {
  /** The agent's session: groups everything one run of an agent did. */
  session: 'holdpoint.dev/session',
  /** One request of the client, however often the proxy sends it. */
  request: 'holdpoint.dev/request',
  /** The `Kubectl-Command` header, for the approver's eyes: a claim of the client's, not a fact. */
  command: 'holdpoint.dev/command',
  /** The `Kubectl-Session` header, one id a run of kubectl: which API calls stand behind one command. A claim, too. */
  invocation: 'holdpoint.dev/invocation',
  /** The person on whose behalf the agent acts; that person may not approve. */
  onBehalfOf: 'holdpoint.dev/on-behalf-of',
} as const;

/** The first value of an extra, or undefined. */
export function extraOf(user: UserInfo, key: (typeof extraKeys)[keyof typeof extraKeys]): string | undefined {
  return user.extra[key]?.[0];
}
