/** Bytes that have no one reading, and what the proxy says to them. */
export interface BadRequest {
  situation: string;
  bytes(token: string): Buffer;
  code: number;
  message: string;
}

const path = '/api/v1/namespaces/dev/configmaps/c';

interface Shape {
  /** @default a GET of a ConfigMap over HTTP/1.1 */
  line?: string;
  /** In place of the Host header. */
  host?: string[];
  /** After the token. */
  headers?: string[];
  /** What comes after the empty line. */
  after?: string;
  /** @default CRLF */
  lineEnd?: string;
}

function bytesOf({
  line = `GET ${path} HTTP/1.1`,
  host = ['Host: kubernetes'],
  headers = [],
  after = '',
  lineEnd = '\r\n',
}: Shape): BadRequest['bytes'] {
  return (token) => {
    const lines = [line, ...host, `Authorization: Bearer ${token}`, 'Connection: close', ...headers];
    return Buffer.from(`${lines.join(lineEnd)}${lineEnd}${lineEnd}${after}`, 'latin1');
  };
}

const bad = (situation: string, shape: Shape, code: number, message: string): BadRequest => ({
  situation,
  bytes: bytesOf(shape),
  code,
  message,
});

const notHttp = 'not HTTP/1.1 as it should be';
const post = `POST /api/v1/namespaces/dev/configmaps HTTP/1.1`;
const smuggled = 'GET /api/v1/namespaces/dev/configmaps/smuggled HTTP/1.1\r\nHost: kubernetes\r\n\r\n';

export const badRequests: readonly BadRequest[] = [
  bad(
    'a length and chunks',
    { line: post, headers: ['Content-Length: 6', 'Transfer-Encoding: chunked'], after: `0\r\n\r\n${smuggled}` },
    400,
    notHttp,
  ),
  bad(
    'chunks and a length',
    { line: post, headers: ['Transfer-Encoding: chunked', 'Content-Length: 6'], after: `0\r\n\r\n${smuggled}` },
    400,
    notHttp,
  ),
  bad(
    'two lengths',
    { line: post, headers: ['Content-Length: 0', `Content-Length: ${String(smuggled.length)}`], after: smuggled },
    400,
    notHttp,
  ),
  bad('a list of lengths', { line: post, headers: ['Content-Length: 0, 5'], after: smuggled }, 400, notHttp),
  bad('a length with a sign', { line: post, headers: ['Content-Length: +5'], after: smuggled }, 400, notHttp),
  bad('a length in hexadecimal', { line: post, headers: ['Content-Length: 0x5'], after: smuggled }, 400, notHttp),
  bad('a length below nothing', { line: post, headers: ['Content-Length: -1'], after: smuggled }, 400, notHttp),
  bad(
    'a coding within the chunks',
    { line: post, headers: ['Transfer-Encoding: gzip, chunked'], after: '0\r\n\r\n' },
    400,
    'only the Transfer-Encoding chunked is served',
  ),
  bad(
    'a coding that nobody knows',
    { line: post, headers: ['Transfer-Encoding: xchunked'], after: '0\r\n\r\n' },
    400,
    notHttp,
  ),
  bad(
    'a coding after the chunks',
    { line: post, headers: ['Transfer-Encoding: chunked, identity'], after: '0\r\n\r\n' },
    400,
    notHttp,
  ),
  bad(
    'chunks named twice',
    { line: post, headers: ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], after: '0\r\n\r\n' },
    400,
    notHttp,
  ),
  bad(
    'a coding behind a tab',
    { line: post, headers: ['Transfer-Encoding:\tchunked', 'Content-Length: 5'], after: '0\r\n\r\n' },
    400,
    notHttp,
  ),
  bad(
    'chunks in HTTP/1.0',
    { line: post.replace('1.1', '1.0'), headers: ['Transfer-Encoding: chunked'], after: '0\r\n\r\n' },
    400,
    'HTTP/1.0 knows no Transfer-Encoding',
  ),
  bad('a chunk of no size', { line: post, headers: ['Transfer-Encoding: chunked'], after: 'zz\r\n\r\n' }, 400, notHttp),
  bad(
    'a chunk that ends too late',
    { line: post, headers: ['Transfer-Encoding: chunked'], after: '2\r\n{}x\r\n0\r\n\r\n' },
    400,
    notHttp,
  ),
  bad('a space before the colon', { headers: ['Accept : application/json'] }, 400, notHttp),
  bad(
    'a header that goes on in the next line',
    { headers: ['Accept: application/json,', '  text/plain'] },
    400,
    notHttp,
  ),
  bad('a header without a colon', { headers: ['Accept application/json'] }, 400, notHttp),
  bad('a name with odd characters', { headers: ['Acc(ept: application/json'] }, 400, notHttp),
  bad('a NUL in a header', { headers: ['Accept: a\0b'] }, 400, notHttp),
  bad('a control character in a header', { headers: ['Accept: a\x01b'] }, 400, notHttp),
  bad('a carriage return in a header', { headers: ['Accept: a\rImpersonate-User: admin'] }, 400, notHttp),
  bad('line feeds alone', { lineEnd: '\n' }, 400, notHttp),
  bad('two hosts', { host: ['Host: kubernetes', 'Host: elsewhere'] }, 400, 'more than one Host header'),
  bad('no host', { host: [] }, 400, 'no Host header'),
  bad('two tokens', { headers: ['Authorization: Bearer other'] }, 400, 'more than one Authorization header'),
  bad(
    'a header that the connection takes away',
    { headers: ['Connection: Authorization'] },
    400,
    'Connection header names authorization',
  ),
  bad('impersonation', { headers: ['Impersonate-User: admin'] }, 403, "not the client's to set"),
  bad(
    'impersonation, in another spelling',
    { headers: ['iMPERSONATE-gROUP: system:masters'] },
    403,
    "not the client's to set",
  ),
  bad(
    'an impersonated extra',
    { headers: ['Impersonate-Extra-Holdpoint.dev%2fSession: other'] },
    403,
    "not the client's to set",
  ),
  bad('a front proxy’s word', { headers: ['X-Remote-User: admin'] }, 403, "not the client's to set"),
  bad('another method', { headers: ['X-HTTP-Method-Override: DELETE'] }, 400, 'asks for another request'),
  bad('another URL', { headers: ['X-Original-URL: /api/v1/secrets'] }, 400, 'asks for another request'),
  bad(
    'an expectation that nobody meets',
    { headers: ['Expect: the-unexpected'] },
    417,
    'of expectations only 100-continue is served',
  ),
  bad(
    'a GET with a body',
    { headers: [`Content-Length: ${String(smuggled.length)}`], after: smuggled },
    400,
    'a GET has no body',
  ),
  bad('a GET with chunks', { headers: ['Transfer-Encoding: chunked'], after: '0\r\n\r\n' }, 400, 'a GET has no body'),
  bad(
    'an upgrade to HTTP/2',
    { headers: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'] },
    400,
    'Connection header names http2-settings',
  ),
  bad(
    'an upgrade of what is no stream',
    { headers: ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'] },
    400,
    'may upgrade',
  ),
  bad(
    'an upgrade of a watch',
    {
      line: 'GET /api/v1/namespaces/dev/secrets?watch=1 HTTP/1.1',
      headers: ['Connection: Upgrade', 'Upgrade: websocket'],
    },
    400,
    'may upgrade',
  ),
  bad('the authority form', { line: 'CONNECT kubernetes:443 HTTP/1.1' }, 405, 'CONNECT is not served'),
  bad('a method in lower case', { line: `get ${path} HTTP/1.1` }, 400, notHttp),
  bad('a method of no kind', { line: `FETCH ${path} HTTP/1.1` }, 400, notHttp),
  bad('HTTP/2 at once', { line: 'PRI * HTTP/2.0', after: 'SM\r\n\r\n' }, 400, notHttp),
  bad('another version', { line: `GET ${path} HTTP/1.2` }, 400, notHttp),
  bad('a target without a slash', { line: 'GET api/v1/namespaces/dev/configmaps/c HTTP/1.1' }, 400, notHttp),
  bad('no version', { line: `GET ${path}` }, 400, 'the request line has no HTTP version'),
  bad(
    'bytes beyond ASCII in the target',
    { line: 'GET /api/v1/namespaces/dev/configmaps/\xfc HTTP/1.1' },
    400,
    notHttp,
  ),
  bad('headers beyond a megabyte', { headers: [`X-Filler: ${'a'.repeat(1_100_000)}`] }, 431, 'larger than 1 MiB'),
  bad(
    'a target beyond a megabyte',
    { line: `GET ${path}?x=${'a'.repeat(1_100_000)} HTTP/1.1` },
    431,
    'larger than 1 MiB',
  ),
  bad(
    'thousands of headers',
    { headers: Array.from({ length: 3_000 }, (_, i) => `X-Filler-${String(i)}: a`) },
    431,
    'more than 256 headers',
  ),
];
