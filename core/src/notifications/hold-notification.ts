import type { Subject } from '../identity/subject.ts';
import type { Hold, HoldSubject } from '../holds/hold.ts';
import type { GroupVersionResource } from '../kubernetes/object.ts';
import type { NotifiedPhase, Operation } from '../policy/access-policy.ts';
import { plainText } from './plain-text.ts';

/**
 * What a receiver is told of a hold. The change itself is not in it: it may be long, a chat room is no place for it, and
 * whoever decides has to look at the hold anyway, as themselves.
 */
export interface HoldNotification {
  apiVersion: 'holdpoint.dev/v1alpha1';
  kind: 'HoldNotification';
  id: string;
  phase: NotifiedPhase;
  /** RFC 3339: when the hold reached that phase. */
  at: string;
  /** The command that shows the change. */
  show: string;
  hold: {
    name: string;
    uid: string;
    subject: HoldSubject;
    request: {
      operation: Operation;
      resource: GroupVersionResource;
      kind: string;
      subresource?: string;
      namespace?: string;
      name?: string;
    };
    policy: string;
    rule: string;
    message?: string;
    approvers: readonly Subject[];
    minApprovals: number;
    expiresAt: string;
    decisions: readonly { by: string; verdict: 'approve' | 'deny'; reason?: string; at: string }[];
  };
}

/** A Kubernetes name has at most 253 characters. */
const maxName = 253;
/** As long as a rule's message may be: see its schema. */
const maxMessage = 512;
/** Enough to recognise a command by; the whole of it stands in the hold. */
const maxCommand = 256;
/** A reason may be a paragraph of 1,000 characters; these are the sentence it begins with. */
const maxReason = 300;
/**
 * Groups, approvers and decisions. With the bounds above, a notification is at most some 60 KiB of UTF-8, and in practice one
 * or two.
 */
const maxItems = 20;

export interface NoticeInput {
  hold: Hold;
  phase: NotifiedPhase;
  atMs: number;
  id: string;
}

/** Everything in it is bounded in length, and free of control characters: much of it is the agent's word. */
export function toHoldNotification({ hold, phase, atMs, id }: NoticeInput): HoldNotification {
  const { subject, request, policy, rule, message, approvers, minApprovals, expiresAt } = hold.spec;
  const name = plainText(hold.metadata.name ?? '', maxName);
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'HoldNotification',
    id,
    phase,
    at: new Date(atMs).toISOString(),
    show: `approvals show ${name}`,
    hold: {
      name,
      uid: hold.metadata.uid ?? '',
      subject: {
        username: plainText(subject.username, maxName),
        groups: subject.groups.slice(0, maxItems).map((group) => plainText(group, maxName)),
        ...optional('session', subject.session, maxName),
        ...optional('onBehalfOf', subject.onBehalfOf, maxName),
        ...optional('command', subject.command, maxCommand),
      },
      request: {
        operation: request.operation,
        resource: {
          group: plainText(request.resource.group, maxName),
          version: plainText(request.resource.version, maxName),
          resource: plainText(request.resource.resource, maxName),
        },
        kind: plainText(request.kind, maxName),
        ...optional('subresource', request.subresource, maxName),
        ...optional('namespace', request.namespace, maxName),
        ...optional('name', request.name, maxName),
      },
      policy: plainText(policy, maxName),
      rule: plainText(rule, maxName),
      ...optional('message', message, maxMessage),
      approvers: approvers.slice(0, maxItems).map((approver) => ({
        ...approver,
        name: plainText(approver.name, maxName),
      })),
      minApprovals,
      expiresAt,
      decisions: (hold.status?.decisions ?? []).slice(-maxItems).map(({ by, verdict, reason, at }) => ({
        by: plainText(by, maxName),
        verdict,
        ...optional('reason', reason, maxReason),
        at,
      })),
    },
  };
}

function optional<Key extends string>(key: Key, text: string | undefined, max: number): { [K in Key]?: string } {
  return text === undefined ? {} : ({ [key]: plainText(text, max) } as { [K in Key]?: string });
}
