import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  errored,
  HoldpointError,
  parseAdmissionReview,
  uidOfReview,
  type AdmissionRequest,
  type AdmissionReviewResponse,
} from '@holdpoint/core';
import { readBody, sendJson, type Logger } from '@holdpoint/platform';
import type { WebhookMetrics } from '../metrics.ts';

export type Reviewer = (request: AdmissionRequest) => AdmissionReviewResponse | Promise<AdmissionReviewResponse>;

/** Answers a review by its bytes, when that can be told from them; undefined: it must be read. */
export type UnreadAnswer = (body: Buffer) => AdmissionReviewResponse | undefined;

export interface ReviewParts {
  /** Of the endpoint: what the review is counted under. */
  path: string;
  reviewer: Reviewer;
  unread?: UnreadAnswer | undefined;
  metrics: Pick<WebhookMetrics, 'reviewStarted'>;
  logger: Logger;
}

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
  { path, reviewer, unread, metrics, logger }: ReviewParts,
): Promise<void> {
  const answered = metrics.reviewStarted(path);
  let uid = '';
  let failure: unknown;
  let answer: AdmissionReviewResponse;
  try {
    const body = await readBody(request, maxReviewBytes);
    const quick = unread?.(body);
    if (quick === undefined) {
      const review = parseJson(body.toString('utf8'));
      uid = uidOfReview(review);
      answer = await reviewer(parseAdmissionReview(review));
    } else answer = quick;
  } catch (error) {
    failure = error;
    logger.error({ err: error, uid }, 'review failed');
    answer = errored(uid, `Holdpoint could not judge this request, so it is refused: ${publicMessage(error)}`);
  }
  answered(answer, failure);
  if (!response.destroyed) sendJson(response, 200, answer);
}

/** Without a cause: what V8 says about broken JSON quotes it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HoldpointError(
      'ERR_ADMISSION_REVIEW_INVALID',
      `the body: expected JSON, got ${String(text.length)} characters`,
    );
  }
}

/** Our own errors say what to do; anything else is told to the log alone. */
function publicMessage(error: unknown): string {
  if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
  return 'an internal error; its cause is in the log of the webhook';
}
