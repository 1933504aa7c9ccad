import { canonicalJson } from '../holds/canonical-json.ts';
import type { Hmac } from '../holds/digest.ts';
import type { JsonValue } from '../kubernetes/object.ts';
import type { ResolvedHoldSettings } from '../policy/compile-policy.ts';
import type { Grant, GrantStatus } from './grant.ts';

/** What of the rule that a grant stands in for is sealed with it. */
export interface GrantedTerms {
  hold: Pick<ResolvedHoldSettings, 'approvers' | 'minApprovals'>;
  /** Groups, sorted; see Verdict. */
  elevate?: readonly string[];
}

/**
 * The seal of a grant: proof that the webhook gave it, on these terms and until then. Without it, whoever can write grants while
 * no webhook guards them would have written themselves a permission for later.
 *
 * It covers the approvers that the rule had: where these change, the people who gave the grant may no longer be the ones to
 * ask, and it is void. So it does the permission that the rule lends: with another one, the grant is more than what was given.
 *
 * Neither name nor uid is covered: the API server gives them after mutation, when it is sealed.
 *
 * @returns `hmac-sha256:` and 64 hex digits
 */
export function sealOf(
  grant: Pick<Grant, 'spec'>,
  status: Pick<GrantStatus, 'grantedBy' | 'digest' | 'grantedAt' | 'expiresAt'>,
  { hold: { approvers, minApprovals }, elevate = [] }: GrantedTerms,
  hmac: Hmac,
): string {
  const { grantedBy = '', digest = '', grantedAt, expiresAt } = status;
  const sealed = {
    purpose: 'grant',
    spec: grant.spec as unknown as JsonValue,
    given: { grantedBy, digest, grantedAt, expiresAt },
    rule: {
      approvers: approvers as unknown as JsonValue,
      minApprovals,
      ...(elevate.length === 0 ? {} : { elevate: [...elevate] }),
    },
  };
  return `hmac-sha256:${hmac(canonicalJson(sealed))}`;
}
