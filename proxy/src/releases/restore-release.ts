/**
 * Helm writes down every revision of a release as a new object: what it read of the one before, masked, comes back in the next,
 * and a rollback sends what an older one holds. A new object has no old one that the webhook could restore masks from. But
 * the revisions before it are there, and whoever writes the next may read them: so they are read here, in the client's own
 * name, and what was shown of them is what it stood for again. Only in its place, as everywhere: see core's restoreMasks.
 */
import {
  createMaskFinder,
  isJsonObject,
  maskMarks,
  restoreMasks,
  shownToGoverned,
  type JsonObject,
  type JsonValue,
  type Mask,
  type ReleaseCodec,
  type RequestInfo,
} from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer } from '../upstream/api-server.ts';
import { upstreamHeaders } from '../upstream/impersonation.ts';
import { readWritten } from './written-object.ts';

export interface RestoreReleaseParts {
  apiServer: Pick<ApiServer, 'send'>;
  mask: Mask;
  codec: ReleaseCodec;
}

/** helm keeps ten revisions of at most 1 MiB, in base64; who keeps hundreds restores from none. */
const maxRevisionsBytes = 32 * 1_048_576;

/** The body to send: with the masks restored that stand in a release, or in a Secret of one; else, as nearly always, as it came. */
export async function restoreRelease(
  parts: RestoreReleaseParts,
  request: ProxyRequest,
  body: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const { info } = request;
  if (!mayBeOfHelm(info) || !marks.some((mark) => body.includes(mark))) return body;
  const written = readWritten(body, String(request.headers['content-type'] ?? ''));
  const release = written === undefined ? undefined : releaseNameOf(written.object, info);
  const containsMask = createMaskFinder(parts.codec);
  if (written === undefined || release === undefined || !containsMask(JSON.stringify(written.object))) return body;
  const { object } = written;
  const revisions = await readRevisions(parts, request, release, signal);
  const sources = info.verb === 'patch' ? revisions.flatMap((each) => secretsIn(each, object, info, parts)) : revisions;
  // The API server takes the namespace from the path; a mask is bound to it.
  let restored: JsonValue = { ...object, metadata: { ...metadataOf(object), namespace: info.namespace } };
  for (const oldObject of sources) {
    if (!containsMask(JSON.stringify(restored))) break;
    restored = restoreMasks({ ...parts, object: restored, oldObject, show: shownToGoverned }).object;
  }
  return isJsonObject(restored) ? written.bodyOf(restored) : body;
}

/** As core's, and in protobuf, where no quote stands before a text and the bytes of a Secret are in no base64. */
const marks = [...maskMarks, 'H4sI'];

/** A revision is created, and updated with what helm has in mind since it read the one before; what a release has is applied. */
function mayBeOfHelm({ verb, apiGroup, resource, subresource, namespace }: RequestInfo): boolean {
  if (apiGroup !== '' || subresource !== '' || namespace === '') return false;
  if (verb === 'patch') return resource === 'secrets';
  return (verb === 'create' || verb === 'update') && (resource === 'secrets' || resource === 'configmaps');
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
  { apiServer }: RestoreReleaseParts,
  request: ProxyRequest,
  release: string,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  const { namespace, resource } = request.info;
  const selector = encodeURIComponent(`owner=helm,name=${release}`);
  const answer = await apiServer.send({
    method: 'GET',
    url: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}?labelSelector=${selector}`,
    headers: upstreamHeaders(request, {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': undefined,
      'content-length': undefined,
      'transfer-encoding': undefined,
    }),
    signal,
  });
  const list = parseObject((await readBody(answer, maxRevisionsBytes)).toString('utf8'));
  const items = Array.isArray(list?.items) ? list.items.filter(isJsonObject) : [];
  return items.toSorted((a, b) => versionOf(b) - versionOf(a));
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
  { codec }: RestoreReleaseParts,
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
