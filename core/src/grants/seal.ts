import { canonicalJson } from '../holds/canonical-json.ts';
import type { Hmac } from '../holds/digest.ts';
import type { JsonValue } from '../kubernetes/object.ts';
import type { ResolvedHoldSettings } from '../policy/compile-policy.ts';
import type { Grant, GrantStatus } from './grant.ts';

/**
 * The seal of a grant: proof that the webhook gave this very object, on these terms. Without it, whoever can write grants while
 * no webhook guards them would have written themselves a permission for later.
 *
 * It covers the approvers that the rule had: where these change, the people who gave the grant may no longer be the ones to
 * ask, and it is void.
 *
 * @returns `hmac-sha256:` and 64 hex digits
 */
export function sealOf(
  grant: Pick<Grant, 'metadata' | 'spec'>,
  status: Pick<GrantStatus, 'grantedBy' | 'digest' | 'grantedAt' | 'expiresAt'>,
  { approvers, minApprovals }: Pick<ResolvedHoldSettings, 'approvers' | 'minApprovals'>,
  hmac: Hmac,
): string {
  const { grantedBy = '', digest = '', grantedAt, expiresAt } = status;
  const sealed = {
    purpose: 'grant',
    // By its uid alone: one with `generateName` has no name yet when it is sealed.
    uid: grant.metadata.uid ?? '',
    spec: grant.spec as unknown as JsonValue,
    given: { grantedBy, digest, grantedAt, expiresAt },
    rule: { approvers: approvers as unknown as JsonValue, minApprovals },
  };
  return `hmac-sha256:${hmac(canonicalJson(sealed))}`;
}
