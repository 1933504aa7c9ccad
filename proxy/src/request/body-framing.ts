/** The headers that tell where a body ends, and how. */
export interface BodyFraming {
  contentLength: string | undefined;
  transferEncoding: string | undefined;
}

/**
 * Why it cannot be told for certain where the body ends, or whom it is for; undefined when it can. What is forwarded has a
 * length of our own making, so that nothing behind us reads another; what is refused here is what two readers of the
 * *client's* bytes could take apart in two ways.
 *
 * @param httpVersion `1.0` or `1.1`
 */
export function framingProblem(
  method: string,
  httpVersion: string,
  { contentLength, transferEncoding }: BodyFraming,
): string | undefined {
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return 'the request has a Content-Length and a Transfer-Encoding';
    // RFC 9112, section 6.1: whoever speaks 1.0 may not know it, and would take the chunks for the next request.
    if (httpVersion === '1.0') return 'HTTP/1.0 knows no Transfer-Encoding';
    // A coding within the chunks stays on the body, whose reader is told nothing of it.
    if (transferEncoding.toLowerCase() !== 'chunked') return 'only the Transfer-Encoding chunked is served';
  }
  if (contentLength !== undefined && !/^\d{1,15}$/.test(contentLength)) return 'the Content-Length is no number';
  const hasBody = transferEncoding !== undefined || Number(contentLength ?? 0) > 0;
  if (hasBody && (method === 'GET' || method === 'HEAD')) return `a ${method} has no body`;
  return undefined;
}
