import type { GrantSpec } from '../grants/grant.ts';
import { grantTermsOf } from '../grants/grant-terms.ts';
import { extraKeys, extraOf } from '../identity/user-info.ts';
import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import type { StrictestVerdict } from '../policy/evaluate.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import type { AdmissionRequest } from './admission-review.ts';

/** A governed subject's one way to write to our own group: it asks for a Grant, and that is held like any other write. */
export function isGrantRequest({ operation, resource, subresource }: AdmissionRequest): boolean {
  return (
    operation === 'CREATE' && resource.group === 'holdpoint.dev' && resource.resource === 'grants' && subresource === ''
  );
}

/**
 * Who is asked about a grant: the very people whom the rule would ask each time, and as many of them. Whatever rule matched
 * the writing of the Grant itself (an Allow for everything, most likely) has no say in that.
 *
 * @param verdict on the write itself; not Deny
 */
export function grantRequestOf(
  request: AdmissionRequest,
  verdict: StrictestVerdict,
  policies: readonly CompiledPolicy[],
): { verdict: StrictestVerdict } | { refusal: string } {
  const spec = isJsonObject(request.object) ? grantSpecOf(request.object['spec']) : undefined;
  if (spec === undefined) return { refusal: 'spec: a Grant names subject, scope and duration' };
  const { user } = request;
  if (spec.subject.username !== user.username) {
    return { refusal: `spec.subject.username: ask for yourself ("${user.username}") and for nobody else` };
  }
  const session = extraOf(user, extraKeys.session);
  if (spec.subject.session !== undefined && spec.subject.session !== session) {
    return { refusal: 'spec.subject.session: ask for the session that you are in, or leave it out' };
  }
  const read = grantTermsOf(spec, governingPolicies(policies, user));
  if ('problems' in read)
    return { refusal: read.problems.map(({ path, message }) => `${path}: ${message}`).join('; ') };
  const { policy, rule } = spec.scope;
  const message = `A grant is asked for: what this rule holds, within its scope, passes without asking for ${spec.duration}.`;
  return {
    verdict: { ...verdict, action: 'Hold', policy, rule, message, hold: read.terms.hold, alsoHeldBy: [] },
  };
}

/** The spec, if it has the parts that are read here. Its schema is the API server's to check, but only after mutation. */
export function grantSpecOf(spec: JsonValue | undefined): GrantSpec | undefined {
  if (!isJsonObject(spec) || !isJsonObject(spec['subject']) || !isJsonObject(spec['scope'])) return undefined;
  const { subject, scope, duration } = spec;
  const texts = [subject['username'], scope['policy'], scope['rule'], duration];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  const lists = [scope['namespaces'], scope['resourceRules']];
  if (!lists.every((list) => list === undefined || Array.isArray(list))) return undefined;
  return spec as unknown as GrantSpec;
}
