import type { Hmac } from '../holds/digest.ts';
import { extraKeys, extraOf } from '../identity/user-info.ts';
import type { Verdict, WriteRequest } from '../policy/evaluate.ts';
import { isGuarded } from '../policy/guarded-resources.ts';
import { matchesNamespace, matchesResourceRule, scopeNamespaceOf } from '../policy/resource-rule.ts';
import type { Grant } from './grant.ts';
import { sealOf, type GrantedTerms } from './seal.ts';

/**
 * True when the grant is about the question that `verdict` would ask about this write. Whether it may still be used is asked of
 * grantUseOf.
 */
export function coversWrite(
  grant: Grant,
  verdict: Pick<Verdict, 'policy' | 'rule' | 'hold' | 'elevate'>,
  write: WriteRequest,
  hmac: Hmac,
): boolean {
  return isAboutWrite(grant, verdict, write) && isSealed(grant, verdict, hmac);
}

/** The same for whoever has no key to prove a seal with: enough to take something away, never to let something through. */
export function isAboutWrite(grant: Grant, verdict: Pick<Verdict, 'policy' | 'rule'>, write: WriteRequest): boolean {
  const { subject, scope } = grant.spec;
  return (
    subject.username === write.user.username &&
    scope.policy === verdict.policy &&
    scope.rule === verdict.rule &&
    (subject.session === undefined || subject.session === extraOf(write.user, extraKeys.session)) &&
    write.resource.group !== 'holdpoint.dev' &&
    !isGuarded(write) &&
    (scope.namespaces === undefined || matchesNamespace(scope.namespaces, scopeNamespaceOf(write))) &&
    (scope.resourceRules === undefined || scope.resourceRules.some((rule) => matchesResourceRule(rule, write))) &&
    // Nobody approves what is done on their own behalf, and so nobody grants it.
    (grant.status?.grantedBy === undefined || grant.status.grantedBy !== extraOf(write.user, extraKeys.onBehalfOf))
  );
}

function isSealed(grant: Grant, verdict: GrantedTerms, hmac: Hmac): boolean {
  return grant.status !== undefined && grant.status.seal === sealOf(grant, grant.status, verdict, hmac);
}
