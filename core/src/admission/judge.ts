import { changeOf, hasInexactNumber, isEmptyChange } from '../holds/change.ts';
import { canonicalJson } from '../holds/canonical-json.ts';
import { elevationCauseReason, type Change } from '../holds/hold.ts';

import { elevationOf } from '../identity/elevation-groups.ts';
import { extraKeys, extraOf } from '../identity/user-info.ts';
import type { StatusCause } from '../kubernetes/status.ts';
import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import {
  defaultRuleName,
  evaluateWrite,
  type StrictestVerdict,
  type Verdict,
  type WriteRequest,
} from '../policy/evaluate.ts';
import { execRecordingOf } from '../requests/read-verdict.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { foreignMaskRefusal, isForcedReplace } from './written-mask.ts';
import type { AuditAnnotations } from './admission-response.ts';
import { grantRequestOf, isGrantRequest } from './grant-request.ts';
import { refusedElevation } from './refused-elevation.ts';

/** What is to be done with a write. Only `Ask` needs the cluster: grant and hold are found, used or created by the caller. */
export type Judgement =
  | { type: 'Pass'; annotations: AuditAnnotations }
  | { type: 'Refuse'; message: string; annotations: AuditAnnotations; causes?: readonly StatusCause[] }
  | Ask;

/** A write that needs an approval, or a grant in place of one. */
export interface Ask {
  type: 'Ask';
  verdict: StrictestVerdict;
  write: WriteRequest;
  change: Change;
  how: AskHow;
  annotations: AuditAnnotations;
}

/**
 * How it is asked for. By a hold, whose answer travels as 429, which makes clients wait, or, where 429 means something else, as
 * 403; or, where there is no single change that a person could judge, by nothing but a grant.
 */
export type AskHow = { type: 'Hold'; code: 429 | 403 } | { type: 'GrantOnly'; refusal: string };

export interface JudgeInput {
  request: AdmissionRequest;
  policies: readonly CompiledPolicy[];
  /** The Namespace that the object lies in; null when it lies in none, or nobody knows it. */
  namespaceObject: JsonValue;
  /** True when a string carries one of our mask tokens. */
  containsMask: (text: string) => boolean;
  /** True when something of the object as it is stored is masked where the request's user reads it. */
  showsMasks: (request: AdmissionRequest) => boolean;
}

/**
 * Judges a write. Pure, and in this order: what always passes; the policies; a permission that is not the rule's to add; what is refused to the governed whatever the
 * rules say; and for a hold, whether a person could judge it at all. The change is worked out only where somebody is asked:
 * most writes are allowed, and must not wait for it.
 */
export function judge({ request, policies, namespaceObject, containsMask, showsMasks }: JudgeInput): Judgement {
  if (isAccessReview(request)) return { type: 'Pass', annotations: { decision: 'allow', rule: 'access-review' } };
  const write = writeOf(request, namespaceObject);
  const verdict = evaluateWrite(policies, write);
  const elevation = refusedElevation(request, verdict);
  if (elevation !== undefined) return refuseElevated(request, verdict, elevation);
  if (verdict === undefined) return { type: 'Pass', annotations: { decision: 'ungoverned' } };

  const annotations = annotationsOf(request, verdict);
  const refuse = (message: string): Judgement => ({
    type: 'Refuse',
    message,
    annotations: { ...annotations, decision: 'deny' },
  });
  let change: Change | undefined;
  let isInexact = false;
  if (verdict.action !== 'Allow') {
    change = changeOf(request);
    isInexact = hasInexactNumber(request.object) || hasInexactNumber(request.oldObject);
    if (isEmptyChange(change) && !isInexact) {
      return { type: 'Pass', annotations: { decision: 'allow', rule: 'no-change' } };
    }
  }
  if (isGrantRequest(request)) {
    if (verdict.action === 'Deny') return refuse(denialOf(verdict));
    const asked = grantRequestOf(request, verdict, policies);
    if ('refusal' in asked) return refuse(asked.refusal);
    const how: AskHow = { type: 'Hold', code: 429 };
    const { verdict: asGrant } = asked;
    return {
      type: 'Ask',
      verdict: asGrant,
      write,
      change: change ?? changeOf(request),
      how,
      annotations: annotationsOf(request, asGrant),
    };
  }
  if (request.resource.group === 'holdpoint.dev') {
    return refuse(`${request.resource.resource} are written by people, never by a governed subject.`);
  }
  if (containsMask(JSON.stringify(request.object))) return refuse(foreignMaskRefusal(request, containsMask));
  if (isForcedReplace(request) && showsMasks(request)) {
    return refuse(
      'kubectl replace --force deletes first and creates then, and what it creates cannot have the values that are masked in what ' +
        'it deletes. Replace without --force, or delete by name what you do not need any more.',
    );
  }
  if (verdict.action === 'Deny') return refuse(denialOf(verdict));
  if (isUnrecordedTerminal(request) && execRecordingOf(policies, request.user) === 'Required') {
    return refuse(
      `policy "${verdict.policy}" has terminals recorded, and past the proxy nobody records. ` +
        'Use the kubeconfig that points at the proxy.',
    );
  }
  if (verdict.action === 'Allow' || change === undefined) return { type: 'Pass', annotations };
  if (request.dryRun && isTokenRequest(request)) {
    return refuse(
      `${ruleOf(verdict)} asks for an approval, and a dry run of a token request hands out a live token. ` +
        'Ask without dry run.',
    );
  }
  return { type: 'Ask', verdict, write, change, how: howToAsk(request, verdict, change, isInexact), annotations };
}

/** A denial is the same whatever permission it comes with, and says more. Else the cause tells the proxy what to ask with. */
function refuseElevated(request: AdmissionRequest, verdict: Verdict | undefined, message: string): Judgement {
  const annotations = { ...annotationsOf(request, verdict), decision: 'deny' };
  if (verdict?.action === 'Deny') return { type: 'Refuse', message: denialOf(verdict), annotations };
  const given = (verdict?.elevate ?? []).join(',');
  const cause = { reason: elevationCauseReason, field: 'holdpoint.dev/elevate', message: given };
  return { type: 'Refuse', message, annotations, causes: [cause] };
}

function howToAsk(request: AdmissionRequest, verdict: Verdict, change: Change, isInexact: boolean): AskHow {
  const asks = `${ruleOf(verdict)} asks for an approval, and `;
  const orGrant = 'or ask for a Grant';
  if (request.operation === 'DELETE' && request.name === '') {
    const why = 'a delete of a whole collection has no single change to approve.';
    return { type: 'GrantOnly', refusal: `${asks}${why} Delete the objects by name, ${orGrant}.` };
  }
  if (isInexact) {
    const why = 'a number here is larger than can be shown exactly (9007199254740991).';
    return { type: 'GrantOnly', refusal: `${asks}${why} Such a change is made by people.` };
  }
  const bytes = utf8Length(canonicalJson(change as unknown as JsonValue));
  if (bytes > verdict.maxChangeBytes) {
    const why = `this change (${String(bytes)} bytes) is larger than a person can judge (${String(verdict.maxChangeBytes)}).`;
    return { type: 'GrantOnly', refusal: `${asks}${why} Make it in smaller steps, ${orGrant}.` };
  }
  return { type: 'Hold', code: request.subresource === 'eviction' ? 403 : 429 };
}

/** The write as the rules look at it. */
export function writeOf(request: AdmissionRequest, namespaceObject: JsonValue): WriteRequest {
  const { operation, resource, subresource, namespace, user, object, oldObject, raw } = request;
  const name = nameOf(request);
  return { operation, resource, subresource, namespace, name, user, object, oldObject, request: raw, namespaceObject };
}

function annotationsOf(request: AdmissionRequest, verdict: Verdict | undefined): AuditAnnotations {
  const session = extraOf(request.user, extraKeys.session);
  const elevated = elevationOf(request.user);
  return {
    ...(verdict === undefined
      ? {}
      : { decision: verdict.action.toLowerCase(), policy: verdict.policy, rule: verdict.rule }),
    ...(elevated.length === 0 ? {} : { elevated: elevated.join(',') }),
    ...(session === undefined ? {} : { session }),
  };
}

/** A terminal that did not come through the proxy: only the proxy gives a request the id by which it knows it. */
function isUnrecordedTerminal({ operation, resource, subresource, user }: AdmissionRequest): boolean {
  const isTerminal =
    operation === 'CONNECT' &&
    resource.group === '' &&
    resource.resource === 'pods' &&
    (subresource === 'exec' || subresource === 'attach');
  return isTerminal && extraOf(user, extraKeys.request) === undefined;
}

/** The API server answers a dry run of a TokenRequest like any other: its storage looks at no option. */
function isTokenRequest({ operation, resource, subresource }: AdmissionRequest): boolean {
  return (
    operation === 'CREATE' &&
    resource.group === '' &&
    resource.resource === 'serviceaccounts' &&
    subresource === 'token'
  );
}

/**
 * The name that rules look at. An item of a deletecollection has it only in the object that goes: a rule that names an
 * object holds however it is deleted.
 */
function nameOf({ name, operation, oldObject }: AdmissionRequest): string {
  if (name !== '' || operation !== 'DELETE') return name;
  const metadata = isJsonObject(oldObject) ? oldObject['metadata'] : undefined;
  return isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
}

/** `rule "x" of policy "y"`, as every message names it. */
export function ruleOf(verdict: Pick<Verdict, 'rule' | 'policy'>): string {
  return verdict.rule === defaultRuleName
    ? `the default of policy "${verdict.policy}"`
    : `rule "${verdict.rule}" of policy "${verdict.policy}"`;
}

function denialOf(verdict: Verdict): string {
  return verdict.message === undefined ? `refused by ${ruleOf(verdict)}` : `${verdict.message} (${ruleOf(verdict)})`;
}

/** `kubectl auth can-i` and `whoami`: questions in the shape of a create; they write nothing. */
function isAccessReview(request: AdmissionRequest): boolean {
  const { group, resource } = request.resource;
  return (
    request.operation === 'CREATE' &&
    ((group === 'authorization.k8s.io' && resource.endsWith('accessreviews')) ||
      (group === 'authorization.k8s.io' && resource === 'selfsubjectrulesreviews') ||
      (group === 'authentication.k8s.io' && resource === 'selfsubjectreviews'))
  );
}

/** Bytes in UTF-8; a string's own length counts UTF-16 units. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1; // Above U+FFFF, 4 bytes stand for 2 units.
  }
  return bytes;
}
