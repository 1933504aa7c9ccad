import type { ResourceRule } from '../policy/access-policy.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

/** By this annotation a person ends a grant: `holdpoint.dev/decision: revoke`, with `holdpoint.dev/reason` beside it. */
export const revokeVerdict = 'revoke';

/** Whom a grant is for: one user, and if told, one session of that user. */
export interface GrantSubject {
  username: string;
  session?: string;
}

/**
 * What a grant waives: the question that one rule of one policy would ask, narrowed further by what else is told. It never
 * reaches beyond its rule: who may give it are that rule's approvers.
 */
export interface GrantScope {
  policy: string;
  /** A rule that holds; `default` for what the policy's defaultAction holds. */
  rule: string;
  /** @default everything that the rule holds */
  resourceRules?: readonly ResourceRule[];
  /** As in a rule. @default every namespace */
  namespaces?: readonly string[];
}

export interface GrantSpec {
  subject: GrantSubject;
  scope: GrantScope;
  /** From the moment it is given: `15m`. At most a day. */
  duration: string;
  /** @default no limit within its time */
  maxUses?: number;
  reason?: string;
}

/** Active until it is used up, over, or taken back. */
export type GrantPhase = 'Active' | 'UsedUp' | 'Expired' | 'Revoked';

export interface GrantStatus {
  phase: GrantPhase;
  /** Who gave it. For a grant that the agent asked for: whoever approved its hold, to be found by `digest`. */
  grantedBy?: string;
  /** Of the hold that asked for it. */
  digest?: string;
  /** RFC 3339. */
  grantedAt: string;
  expiresAt: string;
  uses: number;
  /** Of a grant with maxUses: the last request that it let through, by which a repetition of that one is known. */
  lastUse?: { digest: string; requestId?: string; at: string };
  revoked?: { by: string; reason?: string; at: string };
  /** `hmac-sha256:` and 64 hex digits: proves that the webhook gave this grant, and on these terms. */
  seal: string;
}

/** Grant, holdpoint.dev/v1alpha1: a permission with an end. `spec` never changes; `status` changes through the webhook. */
export interface Grant extends KubernetesObject {
  spec: GrantSpec;
  status?: GrantStatus;
}
