/** Every code an error of ours can carry. Listed with cause and remedy in docs/reference/errors.md. */
export type ErrorCode =
  | 'ERR_ADMISSION_REVIEW_INVALID'
  | 'ERR_AUDIT_EVENTS_INVALID'
  | 'ERR_BODY_TOO_LARGE'
  | 'ERR_CONFIG_INVALID'
  | 'ERR_DATA_DIR_IN_USE'
  | 'ERR_ENCODING_UNSUPPORTED'
  | 'ERR_HOLD_CONFLICT'
  | 'ERR_HOLD_NOT_FOUND'
  | 'ERR_INTAKE_BUSY'
  | 'ERR_LOGIN_FAILED'
  | 'ERR_MASK_UNREADABLE'
  | 'ERR_METRICS_INVALID'
  | 'ERR_QUERY_REFUSED'
  | 'ERR_SPOOL_CORRUPT'
  | 'ERR_SPOOL_FULL'
  | 'ERR_STACK_FAILED'
  | 'ERR_STORE_CHANGED'
  | 'ERR_STORE_NEWER'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_TOKEN_INVALID'
  | 'ERR_UPSTREAM_UNAVAILABLE';

/** What a person needs to find the spot: paths and counts, never values. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * The one error class. Exceptions are broken input, broken infrastructure or a bug of ours; the outcome of a policy is
 * a value, never an exception. `message` says where, what was expected and got, and what to do.
 */
export class HoldpointError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldpointError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The message of anything that was thrown, for a sentence of ours to end with. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
