import type { CelLibrary } from '../library.ts';
import { fromUtf8 } from '../utf8.ts';
import type { Meter } from '../meter.ts';
import type { CelObject } from '../values.ts';

/** The parts of a URL as Go's net/url tells them apart. */
export class CelUrl implements CelObject {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly text: string;

  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    this.text = text;
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }

  equals(other: unknown): boolean {
    return other instanceof CelUrl && other.text === this.text;
  }
}

/** Go's url.ParseRequestURI: an absolute URL or an absolute path. @throws Error where the text is neither */
export function parseUrl(text: string): CelUrl {
  const refuse = (why: string): Error => new Error(`URL parse error during conversion from string: ${why}`);
  // Go refuses the control characters of ASCII, and not those of Latin-1.
  if (text === '' || /[^\P{Cc}\u0080-\u009f]/u.test(text)) throw refuse('empty, or with a control character');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? '';
  let rest = scheme === '' ? text : text.slice(scheme.length + 1);
  if (!rest.startsWith('/')) throw refuse('neither an absolute URL nor an absolute path');
  const fragment = rest.indexOf('#');
  if (fragment >= 0) rest = rest.slice(0, fragment);
  const mark = rest.indexOf('?');
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  if (mark >= 0) rest = rest.slice(0, mark);
  let host = '';
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const end = rest.indexOf('/', 2);
    const authority = end < 0 ? rest.slice(2) : rest.slice(2, end);
    rest = end < 0 ? '' : rest.slice(end);
    const at = authority.lastIndexOf('@');
    if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) throw refuse('invalid user info');
    host = hostOf(authority.slice(at + 1));
    if (host === invalid) throw refuse('invalid host');
  }
  const path = percentDecoded(rest);
  if (path === undefined) throw refuse('invalid escape in the path');
  return new CelUrl(text, scheme.toLowerCase(), host, escapedPath(rest, path), query);
}

const invalid = '\u0000';

function hostOf(authority: string): string {
  const shape = authority.startsWith('[')
    ? /^\[[0-9a-fA-F:.]+(?:%25[A-Za-z0-9\-._~]+)?\](?::\d*)?$/
    : /^[A-Za-z0-9\-._~!$&'()*+,;=%"<>\u0080-\u{10ffff}]*(?::\d*)?$/u;
  if (!shape.test(authority)) return invalid;
  return authority.includes('%') ? (percentDecoded(authority) ?? invalid) : authority;
}

function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (each) => Number.parseInt(each, 16));
    try {
      return fromUtf8(bytes);
    } catch {
      // Go keeps the bytes as they are; a CEL string cannot.
      return run;
    }
  });
}

/** The path as it was written where that is a valid escaping, and escaped by Go's own rules where it is not. */
function escapedPath(written: string, decoded: string): string {
  if (/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/.test(written)) return written;
  return decoded
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[^A-Za-z0-9\-._~$&+,/:;=@]+/gu, (run) =>
      encodeURIComponent(run).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`),
    );
}

function port(host: string): string {
  return /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
}

function hostname(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d*$/, '');
}

/** Go's url.Query: broken pairs, and those with a semicolon, are left out. */
function queryOf(query: string, meter: Meter): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    meter.spend(1);
    if (pair === '' || pair.includes(';')) continue;
    const at = pair.indexOf('=');
    const [key, value] = [at < 0 ? pair : pair.slice(0, at), at < 0 ? '' : pair.slice(at + 1)].map((each) =>
      percentDecoded(each.replaceAll('+', ' ')),
    );
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return values;
}

const type = 'net.URL';

/** Kubernetes' URL library. */
export function urls(meter: Meter): CelLibrary {
  return {
    types: [{ name: type, constructor: CelUrl }],
    functions: [
      { signature: `url(string): ${type}`, run: parseUrl },
      {
        signature: 'isURL(string): bool',
        run: (text: string) => {
          try {
            parseUrl(text);
            return true;
          } catch {
            return false;
          }
        },
      },
      { signature: `${type}.getScheme(): string`, run: ({ scheme }: CelUrl) => scheme },
      { signature: `${type}.getHost(): string`, run: ({ host }: CelUrl) => host },
      { signature: `${type}.getHostname(): string`, run: ({ host }: CelUrl) => hostname(host) },
      { signature: `${type}.getPort(): string`, run: ({ host }: CelUrl) => port(host) },
      { signature: `${type}.getEscapedPath(): string`, run: ({ path }: CelUrl) => path },
      { signature: `${type}.getQuery(): map<string, list<string>>`, run: ({ query }: CelUrl) => queryOf(query, meter) },
    ],
  };
}
