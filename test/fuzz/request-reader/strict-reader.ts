/** A request as it stands on the wire. */
export interface WireRequest {
  method: string;
  target: string;
  body: string;
}

/** Node's parser takes several spaces before the target for one; there is but one way to read that. */
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([\x21-\x7e]+) HTTP\/1\.[01]$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*?)[ \t]*$/;

/**
 * The requests that are in these bytes, read to the letter of RFC 9112 and by code of its own: what a reader takes for a
 * request must be one of them, in this order. It ends at the first byte that can be read in two ways, or that is missing.
 */
export function readStrictly(bytes: string): WireRequest[] {
  const requests: WireRequest[] = [];
  let rest = bytes;
  for (;;) {
    // Section 2.2: empty lines before a request line are passed over, whatever ends them.
    rest = rest.replace(/^[\r\n]+/, '');
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = end < 0 ? [] : rest.slice(0, end).split('\r\n');
    const [, method, target] = requestLine.exec(first) ?? [];
    const headers = lines.map((line) => headerLine.exec(line));
    if (method === undefined || target === undefined || headers.includes(null)) return requests;
    const body = bodyOf(
      rest.slice(end + 4),
      headers.flatMap((each) => (each === null ? [] : [[(each[1] ?? '').toLowerCase(), each[2] ?? ''] as const])),
    );
    if (body === undefined) return requests;
    requests.push({ method, target, body: body.text });
    rest = body.rest;
  }
}

function bodyOf(
  rest: string,
  headers: readonly (readonly [string, string])[],
): { text: string; rest: string } | undefined {
  const all = (name: string): string[] => headers.flatMap(([each, value]) => (each === name ? [value] : []));
  const lengths = all('content-length');
  const codings = all('transfer-encoding');
  if (codings.length > 0) {
    return codings.length === 1 && lengths.length === 0 && /^chunked$/i.test(codings[0] ?? '')
      ? chunkedBody(rest)
      : undefined;
  }
  if (lengths.length === 0) return { text: '', rest };
  const length = Number(lengths[0]);
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? '') || rest.length < length) return undefined;
  return { text: rest.slice(0, length), rest: rest.slice(length) };
}

function chunkedBody(bytes: string): { text: string; rest: string } | undefined {
  let text = '';
  let rest = bytes;
  for (;;) {
    const [line, size] = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r\n/.exec(rest) ?? [];
    if (line === undefined || size === undefined) return undefined;
    rest = rest.slice(line.length);
    const length = Number.parseInt(size, 16);
    if (length === 0) {
      const [trailers] = /^(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n/.exec(rest) ?? [];
      return trailers === undefined ? undefined : { text, rest: rest.slice(trailers.length) };
    }
    if (rest.length < length + 2 || rest.slice(length, length + 2) !== '\r\n') return undefined;
    text += rest.slice(0, length);
    rest = rest.slice(length + 2);
  }
}
