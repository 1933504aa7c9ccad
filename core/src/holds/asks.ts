import type { StrictestVerdict } from '../policy/evaluate.ts';
import type { Decision, HoldAsk, HoldSpec } from './hold.ts';

/** What a verdict asks: of the strictest policy's people, and of every other policy's that asks too. */
export function asksOfVerdict(verdict: StrictestVerdict): readonly HoldAsk[] {
  return [verdict, ...verdict.alsoHeldBy].map(({ policy, rule, hold }) => ({
    policy,
    rule,
    approvers: [...hold.approvers],
    minApprovals: hold.minApprovals,
  }));
}

/** What a hold asks, the first as the hold's own fields have it. */
export function asksOf(
  spec: Pick<HoldSpec, 'policy' | 'rule' | 'approvers' | 'minApprovals' | 'alsoAsks'>,
): readonly HoldAsk[] {
  const { policy, rule, approvers, minApprovals, alsoAsks = [] } = spec;
  return [{ policy, rule, approvers, minApprovals }, ...alsoAsks];
}

/** The name by which a decision says what it counts for. */
export function askNameOf({ policy, rule }: Pick<HoldAsk, 'policy' | 'rule'>): string {
  return `${policy}/${rule}`;
}

/** How many approvals are still missing for one ask. A decision counts for the asks that it names; for all, if it names none. */
export function missingApprovals(ask: HoldAsk, decisions: readonly Decision[]): number {
  const name = askNameOf(ask);
  const given = decisions.filter(
    ({ verdict, countsFor }) => verdict === 'approve' && (countsFor?.includes(name) ?? true),
  );
  return Math.max(0, ask.minApprovals - given.length);
}
