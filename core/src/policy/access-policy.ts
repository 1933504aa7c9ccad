import type { Subject } from '../identity/subject.ts';
import type { LabelSelector } from '../kubernetes/label-selector.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

/** Strictest first: when several policies govern one subject, Deny wins over Hold, Hold over Allow. */
export type Action = 'Deny' | 'Hold' | 'Allow';

/** An admission operation. A *verb* (get, list, patch …) is authorization's and audit's word, and another field. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** The shape of a webhook's rule (admissionregistration/v1 RuleWithOperations), with RBAC's resourceNames added. */
export interface ResourceRule {
  apiGroups: readonly string[];
  apiVersions?: readonly string[];
  /** `pods`, `pods/exec`, `*`, `pods/*`, `*\/scale`, `*\/*`: as in a webhook's rules, `*` leaves out subresources, `pods/*` has pods too. */
  resources: readonly string[];
  operations: readonly (Operation | '*')[];
  scope?: 'Cluster' | 'Namespaced' | '*';
  resourceNames?: readonly string[];
}

/** A CEL expression (docs/reference/cel.md); all of a rule's must be true for the rule to match. */
export interface MatchCondition {
  name: string;
  expression: string;
}

/** How a held request is asked about. Durations are Go-style: `90s`, `10m`, `1h30m`. */
export interface HoldSettings {
  approvers?: readonly Subject[];
  /** @default 1 */
  minApprovals?: number;
  /** An unanswered hold expires. @default "1h" */
  expiresAfter?: string;
  /** An approval that is not used lapses. @default "10m" */
  useWithin?: string;
  /** How long the proxy keeps the client waiting. @default "5m" */
  pauseFor?: string;
}

export interface WriteRule {
  name: string;
  action: Action;
  /** Told to whoever is refused or held. */
  message?: string;
  resourceRules: readonly ResourceRule[];
  /** Names or patterns in which `*` stands for anything; cluster-scoped objects match no namespace. */
  namespaces?: readonly string[];
  /** By the labels of the namespace that the object lies in; cluster-scoped objects, Namespaces among them, lie in none. */
  namespaceSelector?: LabelSelector;
  /**
   * By the object's own labels. A rule that allows asks it of the object before and after, for an agent may label an object
   * as it likes; one that holds or denies of either, for it may take a label off.
   */
  objectSelector?: LabelSelector;
  matchConditions?: readonly MatchCondition[];
  hold?: HoldSettings;
  /**
   * Just-in-time permission: these groups are added to the request that this rule decides, by the proxy and for that request alone.
   * RBAC says what they may do. Each begins with `holdpoint:`.
   */
  elevate?: { groups: readonly string[] };
}

/** The moments in a hold's life of which a receiver can be told. */
export type NotifiedPhase = 'Pending' | 'Approved' | 'Denied' | 'Expired' | 'Lapsed' | 'Used';

/** Whom to tell of a policy's holds. */
export interface NotifySettings {
  /** A receiver's name in the webhook's own configuration, which knows its URL and its key. */
  receiver: string;
  /** @default ["Pending"] */
  phases?: readonly NotifiedPhase[];
}

/** Judged by the proxy: admission never sees reads. */
export interface ReadRule {
  name: string;
  action: 'Allow' | 'Deny';
  message?: string;
  /** Authorization verbs, or `*`. exec, attach and port-forward are both `get` and `create`: which one, the client chooses. */
  verbs: readonly string[];
  /** @default every group */
  apiGroups?: readonly string[];
  /** As in a ResourceRule, but `*` here too leaves out subresources. */
  resources?: readonly string[];
  resourceNames?: readonly string[];
  namespaces?: readonly string[];
  /** Paths outside /api and /apis; a trailing `*` matches the rest. */
  nonResourceURLs?: readonly string[];
  /** CEL over `request` alone (docs/reference/cel.md): nothing has been read yet that could be looked at. */
  matchConditions?: readonly MatchCondition[];
}

/** What becomes of terminals. Required: no recorder, no exec. */
export type ExecRecording = 'Required' | 'BestEffort' | 'Off';

/** Resources, as in a ResourceRule: `*` leaves out subresources. */
export interface MaskedResources {
  /** @default every group */
  apiGroups?: readonly string[];
  resources: readonly string[];
}

/** What the proxy masks in answers, beside what it always does (Secrets, tokens, Helm's releases). */
export interface MaskingSettings {
  /** Whether credentials are looked for by how they look and what they are called. @default "Enabled" */
  detectors?: 'Enabled' | 'Disabled';
  /** Resources in which they are not looked for. */
  except?: readonly MaskedResources[];
  /** Places that hold secrets whatever they look like: JSONPath (docs/reference/masking.md). */
  fields?: readonly (MaskedResources & { paths: readonly string[] })[];
}

export interface ExecSettings {
  /** @default "Required" */
  record?: ExecRecording;
  /** Whether what is typed is recorded too: a password is, also where the terminal does not show it. @default true */
  recordInput?: boolean;
}

export interface AccessPolicySpec {
  subjects: readonly Subject[];
  /** For a write that no rule matches. @default "Hold" */
  defaultAction?: Action;
  /** In order: the first that matches decides. */
  rules?: readonly WriteRule[];
  /** How holds that only `defaultAction` asks for are answered. */
  hold?: HoldSettings;
  reads?: { defaultAction?: 'Allow' | 'Deny'; rules?: readonly ReadRule[] };
  masking?: MaskingSettings;
  exec?: ExecSettings;
  /** Who is told of this policy's holds, beside the Kubernetes Events that every hold has. */
  notify?: readonly NotifySettings[];
  /** Pending holds a subject may have before it is refused without another. @default 20 */
  maxPending?: number;
  /** A change larger than this cannot be judged by a person and is refused. @default 65536 */
  maxChangeBytes?: number;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/** AccessPolicy, holdpoint.dev/v1alpha1: who is governed, and by which rules. */
export interface AccessPolicy extends KubernetesObject {
  spec: AccessPolicySpec;
  status?: { conditions?: Condition[]; observedGeneration?: number };
}
