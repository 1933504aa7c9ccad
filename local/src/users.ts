/** Whose kubeconfig it is. `agent-direct` is the agent again, going straight to the API server. */
export type User = 'admin' | 'agent' | 'agent-direct' | 'approver' | 'second-approver' | 'person';

/** Everybody whom the issuer knows; the admin has a client certificate instead. */
export interface Identity {
  /** The token's `sub`, and so the Kubernetes username. */
  name: string;
  groups: readonly string[];
}

export const identities = {
  agent: { name: 'coding-agent', groups: ['ai-agents'] },
  approver: { name: 'alice', groups: ['sre'] },
  'second-approver': { name: 'bob', groups: ['sre'] },
  person: { name: 'carol', groups: ['developers'] },
} as const satisfies Record<string, Identity>;

export type IssuedUser = keyof typeof identities;

export const users: readonly User[] = ['admin', 'agent', 'agent-direct', 'approver', 'second-approver', 'person'];

/** The audience that tokens are for: the API server and the proxy accept no other. */
export const audience = 'holdpoint';
