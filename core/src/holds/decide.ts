import { isSubject } from '../identity/subject.ts';
import { noCredential } from '../identity/own-credential.ts';
import type { UserInfo } from '../identity/user-info.ts';
import { askNameOf, asksOf, missingApprovals } from './asks.ts';
import type { Decision, Hold, HoldAsk, HoldStatus } from './hold.ts';
import { phaseAt } from './phase.ts';

export interface DecideInput {
  hold: Hold;
  /** From the request's own userInfo, never from what the request says. */
  reviewer: UserInfo;
  /** The annotation's value, as it came. */
  verdict: string;
  reason: string | undefined;
  /** True when a policy governs the reviewer: no agent decides. */
  reviewerIsGoverned: boolean;
  /** False when nothing shows that the reviewer came with a credential of their own: see identity/own-credential.ts. */
  reviewerHasCredential: boolean;
  nowMs: number;
}

/** The next status, or why this person may not decide this hold now. */
export type DecideOutcome = { status: HoldStatus } | { refusal: string };

/** Longer reasons would crowd out the hold; this is a paragraph. */
const maxReasonLength = 1_000;

/** Turns one reviewer's annotation into a decision. Pure: the webhook writes the status in the reviewer's own request. */
export function decide(input: DecideInput): DecideOutcome {
  const { hold, reviewer, reason, nowMs } = input;
  const name = hold.metadata.name ?? '';
  const verdict = input.verdict;
  if (verdict !== 'approve' && verdict !== 'deny') {
    return { refusal: `holdpoint.dev/decision: expected approve or deny, got ${JSON.stringify(verdict.slice(0, 40))}` };
  }
  const refusal = refusalOf(input);
  if (refusal !== undefined) return { refusal: `${reviewer.username} may not decide hold ${name}: ${refusal}` };
  const phase = phaseAt(hold, nowMs);
  if (phase !== 'Pending') return { refusal: `hold ${name} is ${phase}; only a Pending hold can be decided` };
  if (reason !== undefined && reason.length > maxReasonLength) {
    return { refusal: `holdpoint.dev/reason: ${String(reason.length)} characters, at most ${String(maxReasonLength)}` };
  }

  const at = new Date(nowMs).toISOString();
  const decision: Decision = {
    by: reviewer.username,
    verdict,
    ...(reason === undefined || reason === '' ? {} : { reason }),
    at,
    ...(hold.spec.alsoAsks === undefined ? {} : { countsFor: asksTo(reviewer, hold).map(askNameOf) }),
  };
  const decisions = [...(hold.status?.decisions ?? []), decision];
  // Who was told so far stays told.
  const notifications = hold.status?.notifications;
  const told = notifications === undefined ? {} : { notifications };
  if (verdict === 'deny') return { status: { phase: 'Denied', decisions, ...told } };
  if (asksOf(hold.spec).some((ask) => missingApprovals(ask, decisions) > 0))
    return { status: { phase: 'Pending', decisions, ...told } };
  const useBefore = new Date(nowMs + hold.spec.useWithinSeconds * 1_000).toISOString();
  return { status: { phase: 'Approved', decisions, useBefore, ...told } };
}

/** What is asked of this person, among others. */
function asksTo(reviewer: UserInfo, { spec }: Hold): readonly HoldAsk[] {
  return asksOf(spec).filter(({ approvers }) => approvers.some((approver) => isSubject(approver, reviewer)));
}

function refusalOf({ hold, reviewer, reviewerIsGoverned, reviewerHasCredential }: DecideInput): string | undefined {
  const { subject } = hold.spec;
  if (reviewer.username === subject.username) return 'nobody decides what they asked for themselves';
  if (reviewer.username === subject.onBehalfOf) return 'the request was made on their behalf';
  if (reviewerIsGoverned) return 'a governed subject decides nothing';
  if (!reviewerHasCredential) return noCredential;
  if (asksTo(reviewer, hold).length === 0) {
    return 'they are not among its approvers';
  }
  if ((hold.status?.decisions ?? []).some((decision) => decision.by === reviewer.username)) {
    return 'they have decided it already';
  }
  return undefined;
}
