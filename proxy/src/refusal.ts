import { failureStatus, type Status } from '@holdpoint/core';

/** A request that ends here. A value, not an exception: refusing is what the proxy is for. */
export interface Refusal {
  refused: Status;
  /** For our log: the true reason, where the client is told less. */
  reason: string;
}

/** Codes the proxy itself answers with, and what each stands for. One table, so that a client can rely on it. */
const codes = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  methodNotAllowed: 405,
  notAcceptable: 406,
  tooLarge: 413,
  held: 429,
  upstreamFailed: 502,
  recorderMissing: 503,
  ending: 503,
} as const;

/** Refuses with a metav1.Status. `reason` is what is logged when the message must stay vague. */
export function refuse(
  why: keyof typeof codes,
  message: string,
  options: { reason?: string; details?: Status['details'] } = {},
): Refusal {
  return { refused: failureStatus(codes[why], message, options.details), reason: options.reason ?? message };
}

export function isRefusal(value: object): value is Refusal {
  return 'refused' in value && 'reason' in value;
}
