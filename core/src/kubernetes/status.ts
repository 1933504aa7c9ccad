/** metav1.StatusCause: `reason` is a word for programs, `field` says what it is about, `message` carries the value. */
export interface StatusCause {
  reason: string;
  field: string;
  message: string;
}

/** metav1.Status: how the API server, and so everything in front of it, says no. Source: apimachinery meta/v1/types.go. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Failure';
  message: string;
  reason: string;
  code: number;
  details?: { causes?: StatusCause[]; retryAfterSeconds?: number; name?: string; group?: string; kind?: string };
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  408: 'Timeout',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Builds a failure Status. The reason follows from the code, as client libraries expect (apierrors.IsForbidden …). */
export function failureStatus(code: number, message: string, details?: Status['details']): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasons[code] ?? 'Unknown',
    code,
    ...(details === undefined ? {} : { details }),
  };
}

/** True for a decoded body that is a metav1.Status saying no. */
export function isFailureStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null) return false;
  const status = value as Partial<Status>;
  return status.kind === 'Status' && status.status === 'Failure' && typeof status.message === 'string';
}
