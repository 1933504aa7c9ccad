import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  errored,
  HoldpointError,
  messageOf,
  parseAdmissionReview,
  uidOfReview,
  type AdmissionRequest,
  type AdmissionReviewResponse,
} from '@holdpoint/core';
import { readBody, sendJson, type Logger } from '@holdpoint/platform';

export type Reviewer = (request: AdmissionRequest) => AdmissionReviewResponse | Promise<AdmissionReviewResponse>;

/**
 * The API server takes objects of 3 MiB; a review carries two of them and the rest, and JSON may double the size of what
 * was protobuf.
 */
const maxReviewBytes = 16 * 1024 * 1024;

/**
 * Bytes → AdmissionRequest → reviewer → bytes. Whatever goes wrong on the way is `allowed: false` with code 500: what is
 * decided must not depend on how somebody set `failurePolicy`.
 */
export async function handleReview(
  request: IncomingMessage,
  response: ServerResponse,
  reviewer: Reviewer,
  logger: Logger,
): Promise<void> {
  let uid = '';
  let answer: AdmissionReviewResponse;
  try {
    const review: unknown = JSON.parse((await readBody(request, maxReviewBytes)).toString('utf8'));
    uid = uidOfReview(review);
    answer = await reviewer(parseAdmissionReview(review));
  } catch (error) {
    logger.error({ err: error, uid }, 'review failed');
    answer = errored(uid, `Holdpoint could not judge this request, so it is refused: ${publicMessage(error)}`);
  }
  if (!response.destroyed) sendJson(response, 200, answer);
}

/** Our own errors and broken JSON say what to do; anything else is told to the log alone. */
function publicMessage(error: unknown): string {
  if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
  if (error instanceof SyntaxError) return `ERR_ADMISSION_REVIEW_INVALID: ${messageOf(error)}`;
  return 'an internal error; its cause is in the log of the webhook';
}
