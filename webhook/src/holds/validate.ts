import {
  allowed,
  asksOfVerdict,
  askedNameOf,
  changeOf,
  denied,
  extraKeys,
  extraOf,
  held,
  holdCauseReason,
  isJsonObject,
  judge,
  maskingOfWrite,
  maskItem,
  maskObject,
  normaliseObject,
  requestDigestOf,
  ruleCauseReason,
  ruleOf,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type Ask,
  type AuditAnnotations,
  type CompiledPolicy,
  type Hmac,
  type Hold,
  type JsonValue,
  type Mask,
  type NewHoldInput,
  type StatusCause,
  type UsingRequest,
} from '@holdpoint/core';
import type { GrantDesk } from '../grants/grant-desk.ts';
import type { Masks } from '../masks/masks.ts';
import type { DeskAnswer, HoldDesk } from './hold-desk.ts';

export interface ValidateParts {
  policies: () => readonly CompiledPolicy[];
  /** The Namespace of that name; null when there is none. */
  namespaceObject: (name: string) => Promise<JsonValue>;
  grants: GrantDesk;
  desk: HoldDesk;
  hmac: Hmac;
  mask: Mask;
  masks: Pick<Masks, 'containsMask' | 'showsMasks'>;
  now: () => number;
}

/** client-go asks at most ten times; asked this often, its patience is as long as the proxy's. */
const clientAttempts = 10;
const maxRetryAfterSeconds = 30;

/** Answers a write of a governed subject. Throws only what makes the caller fail closed. */
export async function validate(request: AdmissionRequest, parts: ValidateParts): Promise<AdmissionReviewResponse> {
  const namespaceObject = request.namespace === '' ? null : await parts.namespaceObject(request.namespace);
  const { containsMask, showsMasks } = parts.masks;
  const judgement = judge({ request, policies: parts.policies(), namespaceObject, containsMask, showsMasks });
  switch (judgement.type) {
    case 'Pass':
      return allowed(request.uid, judgement.annotations);
    case 'Refuse':
      return denied(
        request.uid,
        judgement.message,
        judgement.annotations,
        judgement.causes === undefined ? [ruleCauseOf(judgement.annotations)] : [...judgement.causes],
      );
    case 'Ask':
      return await answerAsk(createAsked(request, judgement, parts), parts);
  }
}

/** A write that somebody is asked about, and what is worked out of it where it is needed. */
interface Asked {
  request: AdmissionRequest;
  ask: Ask;
  using: UsingRequest;
  /** Once: it costs a canonical form and a hash. */
  digest: () => string;
}

function createAsked(request: AdmissionRequest, ask: Ask, parts: ValidateParts): Asked {
  let digest: string | undefined;
  return {
    request,
    ask,
    using: usingOf(request, parts.now()),
    digest: () => (digest ??= requestDigestOf(request, ask.change, parts.hmac)),
  };
}

/** A dry run creates and uses nothing; it says what would happen. */
async function answerAsk(asked: Asked, parts: ValidateParts): Promise<AdmissionReviewResponse> {
  const { request, ask, using, digest } = asked;
  const { uid, dryRun } = request;
  const grants = dryRun ? parts.grants.peek(ask, using, digest) : await parts.grants.use(ask, using, digest);
  if (grants !== undefined) {
    const names = grants.join(', ');
    const annotations = { ...ask.annotations, decision: 'granted', grant: names };
    return allowed(uid, annotations, `${dryRun ? 'would pass' : 'passed'} without asking, by grant ${names}`);
  }
  if (ask.how.type === 'GrantOnly') {
    return denied(uid, ask.how.refusal, { ...ask.annotations, decision: 'deny' }, [ruleCauseOf(ask.annotations)]);
  }
  if (dryRun) {
    const answer = parts.desk.peek(digest(), using, asksOfVerdict(ask.verdict));
    return allowed(uid, { ...ask.annotations, decision: 'would-hold' }, previewOf(answer, ask));
  }
  return toResponse(uid, ask, ask.how.code, await parts.desk.ask(holdInputOf(asked, parts), using));
}

function previewOf(answer: DeskAnswer | undefined, ask: Ask): string {
  switch (answer?.type) {
    case 'Admitted':
      return `approved already: hold ${nameOf(answer.hold)} would be used`;
    case 'Denied':
      return `would be refused: hold ${nameOf(answer.hold)} was denied by ${answer.decision?.by ?? 'an approver'}`;
    default:
      return `would be held for approval by ${ruleOf(ask.verdict)}`;
  }
}

function toResponse(uid: string, ask: Ask, code: 429 | 403, answer: DeskAnswer): AdmissionReviewResponse {
  const { verdict, annotations } = ask;
  const rule = ruleOf(verdict);
  if (answer.type === 'TooManyPending') {
    return denied(
      uid,
      `${rule} asks for an approval, and ${String(answer.pending)} of yours are pending already. ` +
        'Wait until some are decided.',
      { ...annotations, decision: 'deny' },
      [ruleCauseOf(annotations)],
    );
  }
  const name = nameOf(answer.hold);
  const causes: StatusCause[] = [{ reason: holdCauseReason, field: 'holdpoint.dev/hold', message: name }];
  switch (answer.type) {
    case 'Admitted':
      return allowed(
        uid,
        { ...annotations, decision: 'approved', hold: name },
        `approved by ${approversOf(answer.hold)} (${name})`,
      );
    case 'Denied':
      return denied(
        uid,
        `hold ${name} was denied by ${answer.decision?.by ?? 'an approver'}` +
          `${answer.decision?.reason === undefined ? '' : `: ${answer.decision.reason}`}`,
        { ...annotations, decision: 'deny', hold: name },
        causes,
      );
    case 'Held': {
      const why = verdict.message === undefined ? '' : ` ${verdict.message}`;
      const message =
        `held for approval by ${rule}.${why} ` +
        `Hold ${name} waits for a person; once it is approved, the same command goes through.`;
      if (code === 403) return denied(uid, message, { ...annotations, hold: name }, causes);
      const retryAfterSeconds = Math.min(
        maxRetryAfterSeconds,
        Math.ceil(answer.hold.spec.pauseForSeconds / clientAttempts),
      );
      return held(uid, message, { ...annotations, hold: name }, { causes, retryAfterSeconds });
    }
  }
}

/** Which rule refused, for programs; the message says it to people. */
function ruleCauseOf({ policy = '', rule = '' }: AuditAnnotations): StatusCause {
  return { reason: ruleCauseReason, field: 'holdpoint.dev/rule', message: `${policy}/${rule}` };
}

function holdInputOf({ request, ask, using, digest }: Asked, parts: ValidateParts): NewHoldInput {
  const { user, operation, resource, subresource, namespace, options } = request;
  const name = askedNameOf(request);
  // The objects are masked before they are compared: a secret value that changed shows as two different masks. What detectors
  // find is masked for the governed as they read the hold; that a field is secret is known here alone.
  const { fields = [] } = maskingOfWrite(parts.policies(), request) ?? {};
  const shown = (each: JsonValue): JsonValue =>
    maskItem(maskObject(each, parts.mask), parts.mask, { detectors: 'none', fields });
  const object = shown(request.object);
  const oldObject = shown(request.oldObject);
  return {
    user,
    digest: digest(),
    change: changeOf({ operation, object, oldObject, options }),
    before: operation === 'UPDATE' ? unchangedLinesOf(oldObject, ask.verdict.maxChangeBytes) : undefined,
    verdict: ask.verdict,
    nowMs: using.nowMs,
    request: {
      operation,
      resource,
      kind: request.kind.kind,
      ...(subresource === '' ? {} : { subresource }),
      ...(namespace === '' ? {} : { namespace }),
      ...(name === '' ? {} : { name }),
    },
  };
}

/** The object that a change is shown in, unless it is too large to be kept with the hold. */
function unchangedLinesOf(oldObject: JsonValue, maxBytes: number): JsonValue | undefined {
  if (!isJsonObject(oldObject)) return undefined;
  const before = normaliseObject(oldObject);
  return Buffer.byteLength(JSON.stringify(before)) > maxBytes ? undefined : before;
}

function usingOf(request: AdmissionRequest, nowMs: number): UsingRequest {
  return {
    requestUid: request.uid,
    requestId: extraOf(request.user, extraKeys.request),
    // Repeating a create with generateName, a CONNECT, or a create on a subresource (another token, another eviction) is doing
    // it twice.
    mayRepeat:
      request.operation !== 'CONNECT' &&
      askedNameOf(request) !== '' &&
      !(request.operation === 'CREATE' && request.subresource !== ''),
    nowMs,
  };
}

function nameOf(hold: Hold): string {
  return hold.metadata.name ?? '';
}

function approversOf(hold: Hold): string {
  const names = (hold.status?.decisions ?? []).filter((each) => each.verdict === 'approve').map((each) => each.by);
  return names.join(', ');
}
