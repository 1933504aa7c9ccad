import {
  allowed,
  changeOf,
  containsMaskToken,
  denied,
  digestOf,
  extraKeys,
  extraOf,
  held,
  holdCauseReason,
  judge,
  maskObject,
  ruleOf,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Hmac,
  type Hold,
  type Judgement,
  type Mask,
  type NewHoldInput,
  type StatusCause,
} from '@holdpoint/core';
import type { DeskAnswer, HoldDesk } from './hold-desk.ts';

export interface ValidateParts {
  policies: () => readonly CompiledPolicy[];
  desk: HoldDesk;
  hmac: Hmac;
  mask: Mask;
  now: () => number;
}

/** client-go asks at most ten times; asked this often, its patience is as long as the proxy's. */
const clientAttempts = 10;
const maxRetryAfterSeconds = 30;

/** Answers a write of a governed subject. Throws only what makes the caller fail closed. */
export async function validate(request: AdmissionRequest, parts: ValidateParts): Promise<AdmissionReviewResponse> {
  const judgement = judge({ request, policies: parts.policies(), containsMask: containsMaskToken });
  switch (judgement.type) {
    case 'Pass':
      return allowed(request.uid, judgement.annotations);
    case 'Refuse':
      return denied(request.uid, judgement.message, judgement.annotations);
    case 'Ask':
      return request.dryRun ? previewAnswer(request, judgement, parts) : await askedAnswer(request, judgement, parts);
  }
}

type Ask = Extract<Judgement, { type: 'Ask' }>;

/** A dry run creates and uses nothing; it says what would happen. */
function previewAnswer(request: AdmissionRequest, ask: Ask, parts: ValidateParts): AdmissionReviewResponse {
  const nowMs = parts.now();
  const answer = parts.desk.peek(holdInputOf(request, ask, parts, nowMs), usingOf(request, nowMs));
  return allowed(request.uid, { ...ask.annotations, decision: 'would-hold' }, previewOf(answer, ask));
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

async function askedAnswer(
  request: AdmissionRequest,
  ask: Ask,
  parts: ValidateParts,
): Promise<AdmissionReviewResponse> {
  const nowMs = parts.now();
  const answer = await parts.desk.ask(holdInputOf(request, ask, parts, nowMs), usingOf(request, nowMs));
  return toResponse(request.uid, ask, answer);
}

function toResponse(uid: string, ask: Ask, answer: DeskAnswer): AdmissionReviewResponse {
  const { verdict, annotations } = ask;
  const rule = ruleOf(verdict);
  if (answer.type === 'TooManyPending') {
    return denied(
      uid,
      `${rule} asks for an approval, and ${String(answer.pending)} of yours are pending already. ` +
        'Wait until some are decided.',
      { ...annotations, decision: 'deny' },
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
      if (ask.how === 'Forbidden') return denied(uid, message, { ...annotations, hold: name }, causes);
      const retryAfterSeconds = Math.min(
        maxRetryAfterSeconds,
        Math.ceil(answer.hold.spec.pauseForSeconds / clientAttempts),
      );
      return held(uid, message, { ...annotations, hold: name }, { causes, retryAfterSeconds });
    }
  }
}

function holdInputOf(request: AdmissionRequest, ask: Ask, parts: ValidateParts, nowMs: number): NewHoldInput {
  const { user, operation, resource, subresource, namespace, name, oldObject } = request;
  const digest = digestOf(
    { username: user.username, operation, resource, subresource, namespace, name, change: ask.change, oldObject },
    parts.hmac,
  );
  // The objects are masked before they are compared: a secret value that changed shows as two different masks.
  const change = changeOf({
    operation,
    object: maskObject(request.object, parts.mask),
    oldObject: maskObject(oldObject, parts.mask),
  });
  return {
    user,
    digest,
    change,
    verdict: ask.verdict,
    nowMs,
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

function usingOf(request: AdmissionRequest, nowMs: number) {
  return {
    requestUid: request.uid,
    requestId: extraOf(request.user, extraKeys.request),
    // A create with generateName has no name yet; repeating it, a CONNECT, or a create on a subresource (another token,
    // another eviction) is doing it twice.
    mayRepeat:
      request.operation !== 'CONNECT' &&
      request.name !== '' &&
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
