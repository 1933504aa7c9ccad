import type { Hmac } from '../holds/digest.ts';
import { noCredential } from '../identity/own-credential.ts';
import { isSubject } from '../identity/subject.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { CompiledPolicy, ResolvedHoldSettings } from '../policy/compile-policy.ts';
import { grantTermsOf } from './grant-terms.ts';
import type { Grant, GrantStatus } from './grant.ts';
import { sealOf } from './seal.ts';

export interface GiveInput {
  grant: Grant;
  /** From the request's own userInfo. */
  giver: UserInfo;
  /** As for a decision: see identity/own-credential.ts. */
  giverHasCredential: boolean;
  /**
   * The digest of the hold by which a governed subject asks for it; undefined when a person gives it. What is asked for is
   * stamped all the same: that it exists at all proves that its hold was approved.
   */
  askedByDigest: string | undefined;
  policies: readonly CompiledPolicy[];
  hmac: Hmac;
  nowMs: number;
}

/** The status of a grant that is being given, or why it may not be. Pure: the webhook stamps it in the giver's own request. */
export type GiveOutcome = { status: GrantStatus } | { refusal: string };

export function giveGrant(input: GiveInput): GiveOutcome {
  const { grant, giver, askedByDigest, policies, hmac, nowMs } = input;
  const read = grantTermsOf(grant.spec, policies);
  if ('problems' in read)
    return { refusal: read.problems.map(({ path, message }) => `${path}: ${message}`).join('\n') };
  const { durationSeconds, hold } = read.terms;
  if (askedByDigest === undefined) {
    const refusal = input.giverHasCredential ? refusalOf(grant, giver, hold) : noCredential;
    if (refusal !== undefined) return { refusal: `${giver.username} may not give this grant: ${refusal}` };
  }
  const given = {
    ...(askedByDigest === undefined ? { grantedBy: giver.username } : { digest: askedByDigest }),
    grantedAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + durationSeconds * 1_000).toISOString(),
  };
  return { status: { phase: 'Active', ...given, uses: 0, seal: sealOf(grant, given, read.terms, hmac) } };
}

function refusalOf(
  { spec }: Grant,
  giver: UserInfo,
  { approvers, minApprovals }: ResolvedHoldSettings,
): string | undefined {
  const { policy, rule } = spec.scope;
  if (giver.username === spec.subject.username) return 'nobody gives themselves a permission';
  if (!approvers.some((approver) => isSubject(approver, giver))) {
    return `they are not among the approvers of rule "${rule}" of policy "${policy}"`;
  }
  if (minApprovals > 1) {
    return (
      `rule "${rule}" of policy "${policy}" asks for ${String(minApprovals)} people. ` +
      'Have the subject ask for the grant itself: that is held, and approved like anything else'
    );
  }
  return undefined;
}
