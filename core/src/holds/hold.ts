import type { Subject } from '../identity/subject.ts';
import type { GroupVersionResource, JsonValue, KubernetesObject } from '../kubernetes/object.ts';
import type { NotifiedPhase, NotifySettings, Operation } from '../policy/access-policy.ts';

/** The annotations by which a person decides. The webhook turns them into a decision and removes them. */
export const decisionAnnotation = 'holdpoint.dev/decision';
export const reasonAnnotation = 'holdpoint.dev/reason';

/** Pending → Approved → Used, or Denied, Expired (unanswered), Lapsed (approved, not used in time). */
export type HoldPhase = 'Pending' | 'Approved' | 'Used' | 'Denied' | 'Expired' | 'Lapsed';

/** One operation of an RFC 6902 patch, with the value that stood there before: both sides of a change, masked. */
export interface ChangeOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: JsonValue;
  oldValue?: JsonValue;
}

/** What the person is asked to sign, secret values masked. */
export type Change =
  | { type: 'Create'; object: JsonValue }
  | { type: 'Update'; patch: ChangeOperation[]; ownership?: OwnershipGain[] }
  | { type: 'Delete'; object: JsonValue; options?: DeleteOptions }
  | { type: 'Connect'; options: JsonValue };

/** Fields, by their path in FieldsV1, that a field manager comes to own though their values stay: see ownership.ts. */
export interface OwnershipGain {
  manager: string;
  fields: readonly string[];
}

/** What a delete asks for beyond the object itself: whether its dependents go too, and whether by force. */
export interface DeleteOptions {
  propagationPolicy?: string;
  gracePeriodSeconds?: number;
}

export interface HoldSubject {
  username: string;
  groups: readonly string[];
  session?: string;
  onBehalfOf?: string;
  /** The client's own word (`Kubectl-Command`): shown, never trusted. */
  command?: string;
}

export interface HoldRequest {
  operation: Operation;
  resource: GroupVersionResource;
  kind: string;
  subresource?: string;
  namespace?: string;
  /** Left out for a create with `generateName`: it is another one at every attempt. */
  name?: string;
}

/** One policy's question: whom it asks, and how many of them. */
export interface HoldAsk {
  policy: string;
  rule: string;
  approvers: readonly Subject[];
  minApprovals: number;
}

export interface HoldSpec {
  subject: HoldSubject;
  request: HoldRequest;
  /** `hmac-sha256:` and 64 hex digits over the exact change: see digest.ts. */
  digest: string;
  /** Just-in-time permission: the groups that the one request is given when this is approved. */
  elevate?: { groups: readonly string[] };
  change: Change;
  /**
   * For an update: the whole object as it was, masked, so that a reader finds the unchanged lines around the change.
   * Left out where it is larger than the policy lets a change be.
   */
  before?: JsonValue;
  policy: string;
  rule: string;
  message?: string;
  approvers: readonly Subject[];
  minApprovals: number;
  /** Where several policies hold the same write: what the others ask. Each must have its own approvals. */
  alsoAsks?: readonly HoldAsk[];
  /** RFC 3339. Unanswered by then, the hold expires. */
  expiresAt: string;
  useWithinSeconds: number;
  /** How long the proxy keeps the client waiting. */
  pauseForSeconds: number;
  /** Who is told of which phase, from the policy as it was. */
  notify?: readonly Required<NotifySettings>[];
}

/** One reviewer's answer, as stamped by the webhook from the request's own userInfo. */
export interface Decision {
  by: string;
  verdict: 'approve' | 'deny';
  reason?: string;
  /** RFC 3339. */
  at: string;
  /** Of a hold that several policies ask: `policy/rule` of those among whose approvers this person is. */
  countsFor?: readonly string[];
}

export interface HoldStatus {
  phase: HoldPhase;
  decisions: Decision[];
  /** RFC 3339: an approval not used by then lapses. */
  useBefore?: string;
  /** The one request that used the approval. */
  usedBy?: { requestUid: string; requestId?: string; at: string };
  /** What became of each thing that somebody was to be told. */
  notifications?: readonly Notification[];
}

/** One thing that one receiver was to be told. */
export interface Notification {
  receiver: string;
  phase: NotifiedPhase;
  /** GivenUp: tried for as long as it is worth, and never taken. */
  state: 'Delivered' | 'Retrying' | 'GivenUp';
  attempts: number;
  /** RFC 3339: of the last attempt. */
  at: string;
  /** Why the last attempt failed. Never what the receiver answered beyond its status code. */
  problem?: string;
}

/** Hold, holdpoint.dev/v1alpha1: one question to a person. `spec` never changes; `status` changes through the webhook. */
export interface Hold extends KubernetesObject {
  spec: HoldSpec;
  status?: HoldStatus;
}

/** The phases from which nothing follows any more. */
export function isFinished(phase: HoldPhase): boolean {
  return phase === 'Used' || phase === 'Denied' || phase === 'Expired' || phase === 'Lapsed';
}

/** Where a refusal of ours names the policy and rule behind it for programs (`status.details.causes[].reason`). */
export const ruleCauseReason = 'HoldpointRule';
/** Where a refusal of ours says that the request came with a permission that its rule does not add, for the proxy to read. */
export const elevationCauseReason = 'HoldpointElevation';
/** Where a 429 or 403 of ours names its hold for programs (`status.details.causes[].reason`). */
export const holdCauseReason = 'HoldpointHold';
