/**
 * Masks come back in what a client writes, and the webhook exchanges them for the values of the object that is written. In three
 * cases it cannot, and it is done here, before the API server reads the body, by what the client itself may read:
 *
 * Helm writes down every revision of a release as a new object: what it read of the one before comes back in the next, and a
 * rollback sends what an older one holds. A new object has no old one, but the revisions before it are there.
 *
 * Server-side apply compares what is applied with what is there before it asks any webhook: a mask would be another value, and
 * a conflict with whoever owns the field.
 *
 * A policy may name a field that is a number or a boolean. Its mask is a text, which the API server cannot read there: it refuses the
 * body before it asks any webhook.
 *
 * Only in its place, as everywhere: see core's restoreMasks.
 */
import {
  createMaskFinder,
  isJsonObject,
  maskMarks,
  restoreMasks,
  type AnswerMasking,
  type JsonObject,
  type JsonValue,
  type Mask,
  type ReleaseCodec,
  type RequestInfo,
} from '@holdpoint/core';
import { readBody, type ByteShare } from '@holdpoint/platform';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer } from '../upstream/api-server.ts';
import { upstreamHeaders } from '../upstream/impersonation.ts';
import { readWritten } from './written-object.ts';

export interface RestoreWrittenParts {
  apiServer: Pick<ApiServer, 'send'>;
  mask: Mask;
  codec: ReleaseCodec;
  /** Told of the bytes that are held; see HeldBytes. */
  hold: ByteShare['hold'];
}

/** helm keeps ten revisions of at most 1 MiB, in base64; who keeps hundreds restores from none. */
const maxReadBytes = 32 * 1_048_576;

/**
 * The body to send: with masks restored, or, as nearly always, as it came.
 *
 * @param how the request's answers are masked, and so everything that its masks can come from
 */
export async function restoreWritten(
  parts: RestoreWrittenParts,
  request: ProxyRequest,
  how: AnswerMasking | undefined,
  body: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const { info } = request;
  if (how === undefined) return body;
  if (!marks.some((mark) => body.includes(mark))) return body;
  if (!(isOfLiveObject(request, how) || mayBeRevision(info))) return body;
  const written = readWritten(body, contentTypeOf(request));
  const containsMask = createMaskFinder(parts.codec);
  if (written === undefined || !containsMask(JSON.stringify(written.object))) return body;
  const { object } = written;
  // The API server takes the namespace from the path; a mask is bound to it.
  const where: JsonObject = info.namespace === '' ? {} : { namespace: info.namespace };
  const placed: JsonObject = { ...object, metadata: { ...metadataOf(object), ...where } };
  let restored: JsonValue = placed;
  for await (const oldObject of sourcesOf(parts, request, how, object, signal)) {
    restored = restoreMasks({ ...parts, object: restored, oldObject, how }).object;
    if (!containsMask(JSON.stringify(restored))) break;
  }
  return restored === placed || !isJsonObject(restored) ? body : written.bodyOf(restored);
}

/** As core's, and in protobuf, where no quote stands before a text and the bytes of a Secret are in no base64. */
const marks = [...maskMarks, 'H4sI'];

function contentTypeOf({ headers }: ProxyRequest): string {
  return String(headers['content-type'] ?? '');
}

function isApply(request: ProxyRequest): boolean {
  const { verb, subresource } = request.info;
  return verb === 'patch' && subresource === '' && contentTypeOf(request).includes('apply-patch');
}

/** True where what is written is compared with, or read into, the object that is there before any webhook is asked. */
function isOfLiveObject(request: ProxyRequest, how: AnswerMasking): boolean {
  const { verb, subresource } = request.info;
  return isApply(request) || (how.fields.length > 0 && subresource === '' && (verb === 'update' || verb === 'patch'));
}

/** A revision is created, and updated with what helm has in mind since it read the one before. */
function mayBeRevision({ verb, apiGroup, resource, subresource, namespace }: RequestInfo): boolean {
  if (apiGroup !== '' || subresource !== '' || namespace === '') return false;
  return (verb === 'create' || verb === 'update') && (resource === 'secrets' || resource === 'configmaps');
}

/** What the client's masks can come from, the likeliest first; read one after the other, as far as it takes. */
async function* sourcesOf(
  parts: RestoreWrittenParts,
  request: ProxyRequest,
  how: AnswerMasking,
  object: JsonObject,
  signal: AbortSignal,
): AsyncGenerator<JsonObject> {
  const { info } = request;
  if (isOfLiveObject(request, how)) {
    const live = await read(parts, request, request.url.split('?', 1)[0] ?? '', signal);
    // A Status where there is none: it has no place in common with what is written.
    if (live !== undefined) yield live;
  }
  const release = releaseNameOf(object, info);
  if (release === undefined) return;
  const revisions = await readRevisions(parts, request, release, signal);
  yield* info.verb === 'patch' ? revisions.flatMap((each) => secretsIn(each, object, info, parts)) : revisions;
}

function releaseNameOf(object: JsonObject, { verb }: RequestInfo): string | undefined {
  const { labels, annotations } = metadataOf(object);
  if (verb === 'patch') {
    const name = isJsonObject(annotations) ? annotations['meta.helm.sh/release-name'] : undefined;
    return object.kind === 'Secret' && isLabelValue(name) ? name : undefined;
  }
  if (!isJsonObject(labels) || labels.owner !== 'helm') return undefined;
  return isLabelValue(labels.name) ? labels.name : undefined;
}

/** What can stand in a selector, and can say nothing else there. */
function isLabelValue(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value);
}

/** The revisions of a release, the newest first; none where the client may not read them. */
async function readRevisions(
  parts: RestoreWrittenParts,
  request: ProxyRequest,
  release: string,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  const { namespace, resource } = request.info;
  const selector = encodeURIComponent(`owner=helm,name=${release}`);
  const url = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}?labelSelector=${selector}`;
  const list = await read(parts, request, url, signal);
  const items = Array.isArray(list?.items) ? list.items.filter(isJsonObject) : [];
  return items.toSorted((a, b) => versionOf(b) - versionOf(a));
}

/** Reads in the client's own name: what it may not read restores nothing. */
async function read(
  { apiServer, hold }: RestoreWrittenParts,
  request: ProxyRequest,
  url: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const headers = upstreamHeaders(request, {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'content-type': undefined,
  });
  const answer = await apiServer.send({ method: 'GET', url, headers, signal });
  return parseObject((await readBody(answer, maxReadBytes, hold)).toString('utf8'));
}

function versionOf(revision: JsonObject): number {
  const { labels } = metadataOf(revision);
  return isJsonObject(labels) ? Number(labels.version) : 0;
}

/** What a revision's manifest says of the Secret that is written. */
function secretsIn(
  revision: JsonObject,
  written: JsonObject,
  info: RequestInfo,
  { codec }: RestoreWrittenParts,
): JsonObject[] {
  const data = isJsonObject(revision.data) ? revision.data.release : undefined;
  const opened = typeof data === 'string' ? codec.open(data) : undefined;
  const manifest = opened === undefined ? undefined : parseObject(opened.text)?.manifest;
  const secrets: JsonObject[] = [];
  if (typeof manifest !== 'string') return secrets;
  codec.editYaml(manifest, (document) => {
    if (
      isJsonObject(document) &&
      document.kind === 'Secret' &&
      metadataOf(document).name === metadataOf(written).name
    ) {
      const { namespace = info.namespace } = metadataOf(document);
      if (namespace === info.namespace) {
        secrets.push({ ...document, metadata: { ...metadataOf(document), namespace } });
      }
    }
    return document;
  });
  return secrets;
}

function metadataOf(object: JsonObject): JsonObject {
  return isJsonObject(object.metadata) ? object.metadata : {};
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const parsed = JSON.parse(text) as JsonValue;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined; // Not a list of the API server's, or no release: nothing to restore from.
  }
}
