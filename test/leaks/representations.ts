/**
 * Every form in which the API server says one and the same thing. `read` asks for it; a row that ordinary tools depend on
 * `mustWork`, any other may be answered or refused, as long as no value comes along.
 */
export interface Representation {
  representation: string;
  /** Made of the object's or the collection's plain path. */
  path: (plain: string) => string;
  headers?: Readonly<Record<string, string>>;
  method?: 'HEAD';
  mustWork?: true;
  /** Set where the answer has no body, or one that is no text, to find the object's name in. */
  nameless?: true;
}

const plainly = (path: string): string => path;
export const withQuery =
  (query: string) =>
  (path: string): string =>
    `${path}${path.includes('?') ? '&' : '?'}${query}`;
/** Only the path: a query has a reading of its own. */
const inPath =
  (change: (path: string) => string) =>
  (plain: string): string => {
    const [path = '', ...query] = plain.split('?');
    return [change(path), ...query].join('?');
  };
const accepting = (representation: string, accept: string, more: Partial<Representation> = {}): Representation => ({
  representation,
  path: plainly,
  headers: { accept },
  ...more,
});

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';
const cbor = 'application/cbor';
const as = (type: string, kind: string, version: string): string => `${type};as=${kind};v=${version};g=meta.k8s.io`;
const kubectlTable = `${as(json, 'Table', 'v1')},${as(json, 'Table', 'v1beta1')},${json}`;

/** Encodings of the whole object, as the server would give it to who asks so. */
const encodings: readonly Representation[] = [
  accepting('JSON', json, { mustWork: true }),
  { representation: 'no Accept', path: plainly, mustWork: true },
  accepting('anything', '*/*', { mustWork: true }),
  accepting('any application', 'application/*'),
  accepting('YAML', yaml),
  accepting('protobuf', protobuf),
  accepting('protobuf or JSON', `${protobuf},${json}`, { mustWork: true }),
  accepting('protobuf in capitals', protobuf.toUpperCase()),
  accepting('protobuf preferred by weight', `${json};q=0.1,${protobuf};q=0.9`),
  accepting('CBOR', cbor),
  accepting('CBOR or JSON', `${cbor},${json}`, { mustWork: true }),
  accepting('a stream', `${json};stream=watch`),
  accepting('a type nobody has', 'text/html'),
];

const transforms: readonly Representation[] = [
  ...['v1', 'v1beta1'].flatMap((version): Representation[] => [
    accepting(`Table ${version}`, as(json, 'Table', version), { mustWork: true }),
    ...['Object', 'Metadata', 'None'].map((include): Representation => ({
      ...accepting(`Table ${version} with ${include}`, as(json, 'Table', version), { mustWork: true }),
      path: withQuery(`includeObject=${include}`),
    })),
    accepting(`Table ${version} in YAML`, as(yaml, 'Table', version)),
    accepting(`Table ${version} in protobuf`, as(protobuf, 'Table', version)),
    accepting(`Table ${version} in CBOR`, as(cbor, 'Table', version)),
  ]),
  { ...accepting('Table as kubectl asks', kubectlTable, { mustWork: true }) },
  {
    ...accepting('Table as kubectl describe asks', kubectlTable, { mustWork: true }),
    path: withQuery('includeObject=Object'),
  },
];

const metadataOnly = (kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): Representation[] => [
  accepting(kind, as(json, kind, 'v1'), { mustWork: true }),
  accepting(`${kind} v1beta1`, as(json, kind, 'v1beta1')),
  accepting(`${kind} in YAML`, as(yaml, kind, 'v1')),
  accepting(`${kind} in protobuf`, as(protobuf, kind, 'v1')),
  accepting(`${kind} in protobuf or JSON`, `${as(protobuf, kind, 'v1')},${as(json, kind, 'v1')}`, { mustWork: true }),
  accepting(`${kind} in CBOR`, as(cbor, kind, 'v1')),
];

/** Ways to say the same path, and to have the answer packed. */
const ways: readonly Representation[] = [
  { representation: 'gzip', path: plainly, headers: { 'accept-encoding': 'gzip' }, mustWork: true },
  { representation: 'gzip or nothing', path: plainly, headers: { 'accept-encoding': 'gzip, identity;q=0' } },
  { representation: 'deflate', path: plainly, headers: { 'accept-encoding': 'deflate' } },
  { representation: 'brotli', path: plainly, headers: { 'accept-encoding': 'br' } },
  { representation: 'pretty', path: withQuery('pretty=true'), mustWork: true },
  { representation: 'pretty YAML', path: withQuery('pretty=1'), headers: { accept: yaml } },
  { representation: 'as a browser asks', path: plainly, headers: { 'user-agent': 'Mozilla/5.0' }, mustWork: true },
  { representation: 'from the cache', path: withQuery('resourceVersion=0'), mustWork: true },
  { representation: 'a range of bytes', path: plainly, headers: { range: 'bytes=40-400' } },
  { representation: 'unless it is the same', path: plainly, headers: { 'if-none-match': '"1"' }, mustWork: true },
  { representation: 'a percent-encoded resource', path: inPath(encodeLetter), mustWork: true },
  { representation: 'a percent-encoded path, all of it', path: inPath(encodeAll) },
  { representation: 'a slash at the end', path: inPath((path) => `${path}/`) },
  { representation: 'a double slash', path: inPath((path) => path.replace('/namespaces', '//namespaces')) },
  { representation: 'a dot segment', path: inPath((path) => path.replace('/namespaces', '/./namespaces')) },
  { representation: 'an encoded slash', path: inPath((path) => path.replace(/\/([^/]*)$/, '%2F$1')) },
  { representation: 'capitals', path: inPath((path) => path.replace(/\/([^/]*)$/, (part) => part.toUpperCase())) },
  { representation: 'a semicolon in the query', path: withQuery('a=b;watch=true') },
  { representation: 'the head alone', path: plainly, method: 'HEAD', nameless: true },
];

/** How one object is got. */
export const ofOne: readonly Representation[] = [
  ...encodings,
  ...transforms,
  ...metadataOnly('PartialObjectMetadata'),
  ...ways,
];

/** How a collection is listed. */
export const ofMany: readonly Representation[] = [
  ...encodings,
  ...transforms,
  ...metadataOnly('PartialObjectMetadataList'),
  ...ways,
  { representation: 'a page', path: withQuery('limit=500'), mustWork: true },
  {
    representation: 'a page as a Table',
    path: withQuery('limit=500'),
    headers: { accept: kubectlTable },
    mustWork: true,
  },
  {
    representation: 'not older than',
    path: withQuery('resourceVersion=0&resourceVersionMatch=NotOlderThan'),
    mustWork: true,
  },
  { representation: 'by field selector', path: withQuery('fieldSelector=metadata.name!%3Dabsent'), mustWork: true },
  { representation: 'by label selector', path: withQuery('labelSelector=!absent'), mustWork: true },
  {
    representation: 'in all namespaces',
    path: inPath((path) => path.replace('/namespaces/vault', '')),
    mustWork: true,
  },
  { representation: 'with the old watch=false', path: withQuery('watch=false'), mustWork: true },
];

const initialEvents = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
/** Ends by itself: the API server closes it. */
export const aSecond = 'timeoutSeconds=1';
const watching = (
  representation: string,
  query: string,
  headers: Record<string, string> = {},
  mustWork?: true,
): Representation => ({
  representation,
  path: withQuery(`${query}&${aSecond}`),
  headers,
  ...(mustWork === undefined ? {} : { mustWork }),
});
const legacy = inPath((path) => path.replace(/^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\//, '$1/watch/'));
const upgrade = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' };
const webSocket = (representation: string, path: (plain: string) => string, protocol?: string): Representation => ({
  representation,
  path,
  headers: {
    ...upgrade,
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    origin: 'https://localhost',
    ...(protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }),
  },
});

/** How a collection is watched. */
export const ofWatches: readonly Representation[] = [
  watching('JSON', 'watch=true', { accept: json }, true),
  watching('as a Go client asks', 'watch=1', { accept: `${json};stream=watch,${json}` }, true),
  watching('YAML', 'watch=true', { accept: yaml }),
  watching('protobuf', 'watch=true', { accept: `${protobuf};stream=watch` }),
  watching('protobuf or JSON', 'watch=true', { accept: `${protobuf},${json}` }, true),
  watching('CBOR', 'watch=true', { accept: 'application/cbor-seq' }),
  watching('CBOR or JSON', 'watch=true', { accept: `${cbor},${json}` }, true),
  watching('Table', 'watch=true', { accept: kubectlTable }, true),
  watching('Table with whole objects', 'watch=true&includeObject=Object', { accept: kubectlTable }, true),
  watching('Table without objects', 'watch=true&includeObject=None', { accept: kubectlTable }, true),
  watching('PartialObjectMetadata', 'watch=true', { accept: as(json, 'PartialObjectMetadata', 'v1') }, true),
  watching('PartialObjectMetadata in protobuf', 'watch=true', { accept: as(protobuf, 'PartialObjectMetadata', 'v1') }),
  watching('watch-list', `watch=true&${initialEvents}`, { accept: json }, true),
  watching('watch-list in protobuf', `watch=true&${initialEvents}`, { accept: protobuf }),
  watching('watch-list in CBOR', `watch=true&${initialEvents}`, { accept: cbor }),
  watching('watch-list as a Table', `watch=true&${initialEvents}`, { accept: kubectlTable }, true),
  watching('gzip', 'watch=true', { 'accept-encoding': 'gzip' }, true),
  watching('from the cache', 'watch=true&resourceVersion=0', {}, true),
  watching('said twice', 'watch=0&watch=1', {}),
  watching('said without a value', 'watch', {}),
  watching('pretty', 'watch=true&pretty=true', {}, true),
  { representation: 'the legacy path', path: (plain) => withQuery(aSecond)(legacy(plain)), mustWork: true },
  {
    representation: 'the legacy path as a Table',
    path: (plain) => withQuery(`${aSecond}&includeObject=Object`)(legacy(plain)),
    headers: { accept: kubectlTable },
    mustWork: true,
  },
  {
    representation: 'the legacy path in protobuf',
    path: (plain) => withQuery(aSecond)(legacy(plain)),
    headers: { accept: protobuf },
  },
  {
    representation: 'the legacy path, percent-encoded',
    path: (plain) => withQuery(aSecond)(legacy(plain).replace('/watch/', '/%77atch/')),
  },
  webSocket('WebSocket', withQuery(`watch=true&${aSecond}`)),
  webSocket('WebSocket in base64', withQuery(`watch=true&${aSecond}`), 'base64.binary.k8s.io'),
  webSocket('WebSocket on the legacy path', (plain) => withQuery(aSecond)(legacy(plain))),
];

/** The answer to a write, in the forms that a client may ask for. */
export const ofWrites: readonly Representation[] = [
  accepting('JSON', json, { mustWork: true }),
  { representation: 'no Accept', path: plainly, mustWork: true },
  accepting('YAML', yaml),
  accepting('protobuf', protobuf),
  accepting('protobuf or JSON', `${protobuf},${json}`, { mustWork: true }),
  accepting('CBOR', cbor),
  accepting('Table', kubectlTable, { mustWork: true }),
  { ...accepting('Table with whole objects', as(json, 'Table', 'v1')), path: withQuery('includeObject=Object') },
  accepting('PartialObjectMetadata', as(json, 'PartialObjectMetadata', 'v1')),
  accepting('PartialObjectMetadata in protobuf', as(protobuf, 'PartialObjectMetadata', 'v1')),
  { representation: 'gzip', path: plainly, headers: { 'accept-encoding': 'gzip' }, mustWork: true },
  { representation: 'pretty', path: withQuery('pretty=true'), mustWork: true },
];

/** One letter of the last word: `%73ecrets`. */
function encodeLetter(path: string): string {
  return path.replace(/\/([^/])([^/]*)$/, (_all, letter: string, rest: string) => `/${hexOf(letter)}${rest}`);
}

function encodeAll(path: string): string {
  return path.replace(/[a-z]/g, hexOf);
}

function hexOf(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}
