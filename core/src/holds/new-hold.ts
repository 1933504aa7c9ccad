import { elevationOf, isElevationGroup } from '../identity/elevation-groups.ts';
import { extraKeys, extraOf, type UserInfo } from '../identity/user-info.ts';
import type { JsonValue } from '../kubernetes/object.ts';
import type { StrictestVerdict } from '../policy/evaluate.ts';
import { asksOfVerdict } from './asks.ts';
import type { Change, Hold, HoldRequest } from './hold.ts';
import { holdNameOf } from './hold-name.ts';

export interface NewHoldInput {
  user: UserInfo;
  request: HoldRequest;
  digest: string;
  /** Masked. */
  change: Change;
  /** Masked: see HoldSpec. */
  before: JsonValue | undefined;
  verdict: StrictestVerdict;
  nowMs: number;
}

/** Labels by which holds are found with kubectl: a name, or as much of it as a label holds. */
export const holdLabels = { policy: 'holdpoint.dev/policy', rule: 'holdpoint.dev/rule' } as const;

/** The question as it is first put: Pending, no decisions. */
export function newHold(input: NewHoldInput, attempt: number): Hold {
  const { user, request, digest, change, before, verdict, nowMs } = input;
  const [, ...alsoAsks] = asksOfVerdict(verdict);
  const session = extraOf(user, extraKeys.session);
  const onBehalfOf = extraOf(user, extraKeys.onBehalfOf);
  const command = extraOf(user, extraKeys.command);
  const elevated = elevationOf(user);
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: {
      name: holdNameOf(digest, attempt),
      labels: { [holdLabels.policy]: labelValueOf(verdict.policy), [holdLabels.rule]: labelValueOf(verdict.rule) },
    },
    spec: {
      subject: {
        username: user.username,
        // What it is lent is no group of its own.
        groups: user.groups.filter((group) => !isElevationGroup(group)),
        ...(session === undefined ? {} : { session }),
        ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
        ...(command === undefined ? {} : { command }),
      },
      request,
      digest,
      ...(elevated.length === 0 ? {} : { elevate: { groups: [...elevated] } }),
      change,
      ...(before === undefined ? {} : { before }),
      policy: verdict.policy,
      rule: verdict.rule,
      ...(verdict.message === undefined ? {} : { message: verdict.message }),
      approvers: [...verdict.hold.approvers],
      minApprovals: verdict.hold.minApprovals,
      ...(alsoAsks.length === 0 ? {} : { alsoAsks }),
      expiresAt: new Date(nowMs + verdict.hold.expiresAfterSeconds * 1_000).toISOString(),
      useWithinSeconds: verdict.hold.useWithinSeconds,
      pauseForSeconds: verdict.hold.pauseForSeconds,
      ...(verdict.notify.length === 0 ? {} : { notify: verdict.notify }),
    },
    status: { phase: 'Pending', decisions: [] },
  };
}

/** At most 63 characters, the last of them a letter or digit. Source: apimachinery validation.IsValidLabelValue. */
function labelValueOf(name: string): string {
  return name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');
}
