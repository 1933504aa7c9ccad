/** A request target taken apart, and put together again in the one way in which it can be read. */
export interface RequestTarget {
  /** Decoded, without the slash at its end. */
  path: string;
  /** Decoded, without the slashes at both ends. */
  segments: readonly string[];
  query: QueryParameters;
  /**
   * What was read, spelled anew: only what must be percent-encoded is. Path and query; it says what the client's said, so
   * that who forwards it forwards what was judged.
   */
  canonical: string;
}

/** The query's parameters, decoded, in order. */
export type QueryParameters = readonly (readonly [name: string, value: string])[];

/** RFC 3986's characters and nothing else: whatever is not in here, some reader takes for something of its own. */
const pathCharacters = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/;
const queryCharacters = /^[\x21-\x7e]*$/;
/** Spelled in one way only. Nearly every segment is made of these alone. */
const unreserved = /^[A-Za-z0-9\-._~]*$/;

/** Splits and decodes a request target, or says why its reading would be ambiguous. */
export function parseTarget(url: string): RequestTarget | { reason: string } {
  const question = url.indexOf('?');
  const rawPath = question < 0 ? url : url.slice(0, question);
  const rawQuery = question < 0 ? '' : url.slice(question + 1);
  if (!rawPath.startsWith('/')) return { reason: 'it does not begin with a slash' };
  if (!pathCharacters.test(rawPath)) return { reason: 'its path has characters that must be percent-encoded' };
  if (!queryCharacters.test(rawQuery) || rawQuery.includes('#')) {
    return { reason: 'its query has characters that must be percent-encoded' };
  }

  const trimmed = rawPath.replace(/^\//, '').replace(/\/$/, '');
  const segments: string[] = [];
  for (const raw of trimmed === '' ? [] : trimmed.split('/')) {
    const segment = decode(raw);
    if (segment === undefined) return { reason: 'its path is not valid percent-encoding of UTF-8' };
    if (segment === '') return { reason: 'its path has a double slash' };
    if (segment === '.' || segment === '..') return { reason: 'its path has a dot segment' };
    if (/[/\\]/.test(segment)) return { reason: 'its path has an encoded slash' };
    if (/[%?#;]|\p{Cc}/u.test(segment)) return { reason: 'its path has an encoded character that no name has' };
    segments.push(segment);
  }
  const query = parseQuery(rawQuery);
  if (query === undefined) return { reason: 'its query is not valid percent-encoding of UTF-8' };
  // A slash at the end means something to whatever answers behind a tunnel; the API server ignores it.
  const end = segments.length > 0 && rawPath.endsWith('/') ? '/' : '';
  const path = `/${segments.join('/')}`;
  return { path, segments, query, canonical: `/${segments.map(encode).join('/')}${end}${encodeQuery(query)}` };
}

/** Every value of one parameter, in order. */
export function valuesOf(query: QueryParameters, name: string): string[] {
  return query.filter(([key]) => key === name).map(([, value]) => value);
}

/** As Go's url.ParseQuery, which drops a pair with a semicolon; here that is refused, and so is broken encoding. */
function parseQuery(raw: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) return undefined;
    const equals = pair.indexOf('=');
    const key = decode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' '));
    const value = decode((equals < 0 ? '' : pair.slice(equals + 1)).replaceAll('+', ' '));
    if (key === undefined || value === undefined) return undefined;
    pairs.push([key, value]);
  }
  return pairs;
}

function encodeQuery(query: QueryParameters): string {
  if (query.length === 0) return '';
  return `?${query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
}

/** A colon and an at sign stand in many names (`system:node`, an image's digest) and mean nothing where these are. */
function encode(text: string): string {
  if (unreserved.test(text)) return text;
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%40', '@');
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
