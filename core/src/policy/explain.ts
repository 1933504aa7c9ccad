import { toCelActivation } from '../cel/compile-cel.ts';
import type { CompiledPolicy } from './compile-policy.ts';
import {
  evaluateWrite,
  matchRule,
  type NoMatch,
  type StrictestVerdict,
  type Verdict,
  type WriteRequest,
} from './evaluate.ts';
import { governingPolicies } from './governing-policies.ts';
import { isGuarded } from './guarded-resources.ts';

/** One governing policy's way to its verdict. */
export interface PolicyExplanation {
  policy: string;
  /** The rules that were looked at before the one that decided, in order. */
  passedOver: readonly { rule: string; why: NoMatch }[];
  verdict: Verdict;
}

/** How a write's verdict comes about; no policies and no verdict where none governs the user. */
export interface Explanation {
  policies: readonly PolicyExplanation[];
  strictest: StrictestVerdict | undefined;
}

/** Tells what evaluateWrite decides, and by what: every verdict here is its own, every reason matchRule's. */
export function explainWrite(policies: readonly CompiledPolicy[], write: WriteRequest): Explanation {
  const { object, oldObject, request, namespaceObject } = write;
  const activation = toCelActivation({ object, oldObject, request, namespaceObject });
  const guarded = isGuarded(write);
  const governing = governingPolicies(policies, write.user).sort((a, b) => (a.name < b.name ? -1 : 1));
  const explained = governing.flatMap((policy) => {
    const verdict = evaluateWrite([policy], write);
    if (verdict === undefined) return [];
    const passedOver: { rule: string; why: NoMatch }[] = [];
    for (const compiled of policy.rules) {
      const match = matchRule(compiled, write, guarded, () => activation);
      if (match.type !== 'No') break;
      passedOver.push({ rule: compiled.rule.name, why: match.why });
    }
    return [{ policy: policy.name, passedOver, verdict }];
  });
  return { policies: explained, strictest: evaluateWrite(policies, write) };
}
