import { canonicalJson } from './canonical-json.ts';
import { asksOf } from './asks.ts';
import type { Decision, Hold, HoldAsk, HoldStatus } from './hold.ts';
import { phaseAt } from './phase.ts';
import { isSameRequest, type UsingRequest } from './repetition.ts';

/** What a hold means for a request with its digest. */
export type UseOutcome =
  | { type: 'Use'; status: HoldStatus }
  | { type: 'UsedByThisRequest' }
  | { type: 'Wait' }
  /** The answer was no, and stands until the hold would have expired: asking again does not make a new question. */
  | { type: 'Denied'; decision: Decision | undefined }
  | { type: 'Finished' };

/** Whom a rule asks: what a hold says of it, and what the verdict says now. */
export type HoldTerms = readonly HoldAsk[];

/**
 * Decides whether this request may use this hold; the caller writes `status` by optimistic concurrency, then answers.
 *
 * @param terms whom the request would be asked of now. A hold that asks other people, or fewer, was another rule's, or the
 *   rule's as it was: it is at its end. A denial stands, whoever gave it.
 */
export function useOf(hold: Hold, request: UsingRequest, terms: HoldTerms): UseOutcome {
  const phase = phaseAt(hold, request.nowMs);
  switch (phase) {
    case 'Pending':
      return asksTheSame(hold, terms) ? { type: 'Wait' } : { type: 'Finished' };
    case 'Approved':
      return asksTheSame(hold, terms) ? { type: 'Use', status: usedStatus(hold, request) } : { type: 'Finished' };
    case 'Used':
      return hold.status?.usedBy !== undefined && isSameRequest(hold.status.usedBy, request)
        ? { type: 'UsedByThisRequest' }
        : { type: 'Finished' };
    case 'Denied': {
      const decision = hold.status?.decisions.find((each) => each.verdict === 'deny');
      return request.nowMs < Date.parse(hold.spec.expiresAt) ? { type: 'Denied', decision } : { type: 'Finished' };
    }
    case 'Expired':
    case 'Lapsed':
      return { type: 'Finished' };
  }
}

function asksTheSame({ spec }: Hold, terms: HoldTerms): boolean {
  return canonicalTerms(asksOf(spec)) === canonicalTerms(terms);
}

/** Whom, and how many: not by which rule's name. A hold keeps no more of a subject than this, whatever its policy said of it. */
function canonicalTerms(terms: HoldTerms): string {
  const canonical = terms.map(({ approvers, minApprovals }) =>
    canonicalJson([minApprovals, approvers.map(({ kind, name, namespace = '' }) => [kind, name, namespace])]),
  );
  return canonicalJson(canonical);
}

function usedStatus(hold: Hold, request: UsingRequest): HoldStatus {
  return {
    ...hold.status,
    phase: 'Used',
    decisions: hold.status?.decisions ?? [],
    usedBy: {
      requestUid: request.requestUid,
      ...(request.requestId === undefined ? {} : { requestId: request.requestId }),
      at: new Date(request.nowMs).toISOString(),
    },
  };
}
