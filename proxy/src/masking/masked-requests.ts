import { isJsonObject, isWatch, type Assumed, type JsonValue, type RequestInfo } from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';

/** What a request's answer must be masked as. undefined: it passes untouched. */
export function maskedAs(info: RequestInfo): Assumed | undefined {
  if (!info.isResourceRequest || info.apiGroup !== '') return undefined;
  const where = { namespace: info.namespace, ...(info.name === '' ? {} : { name: info.name }) };
  if (info.resource === 'secrets') return { kind: 'Secret', ...where };
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return { kind: 'TokenRequest', ...where };
  return undefined;
}

/**
 * The Accept header that asks for the same in JSON: Table and metadata-only variants stay, protobuf, CBOR and YAML go.
 * Clients decode by the answer's Content-Type, so those that preferred another encoding still understand it.
 */
export function jsonOnly(accept: string | undefined): string {
  const kept = (accept ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => /^application\/json\s*(?:;|$)/i.test(each));
  return kept.length === 0 ? 'application/json' : kept.join(', ');
}

/** True when the answer is an endless stream of JSON lines. */
export function isLineStream(info: RequestInfo): boolean {
  return isWatch(info);
}

const harmless = new Set(['add', 'remove', 'replace']);

/**
 * A JSON patch runs inside the API server: copy and move can put a value where nothing masks it, test confirms a guess.
 * Refused for Secrets; what cannot be read as a patch is refused with it.
 */
export function refusePatch(info: RequestInfo, contentType: string, body: Buffer): Refusal | undefined {
  if (info.verb !== 'patch' || info.resource !== 'secrets' || info.apiGroup !== '') return undefined;
  let patch: JsonValue;
  try {
    patch = JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    // Server-side apply sends YAML; only a JSON patch has operations, and it is JSON.
    return isJsonPatch(contentType) ? refuse('malformed', 'the JSON patch is not JSON') : undefined;
  }
  if (!Array.isArray(patch)) {
    return isJsonPatch(contentType) ? refuse('malformed', 'the JSON patch is not a list of operations') : undefined;
  }
  const refused = patch.findIndex((each) => !isJsonObject(each) || !harmless.has(String(each.op)));
  if (refused < 0) return undefined;
  return refuse(
    'forbidden',
    `operation ${String(refused)} of the JSON patch: on secrets only add, remove and replace are served, because copy, ` +
      'move and test could show or confirm a value',
  );
}

function isJsonPatch(contentType: string): boolean {
  return contentType.toLowerCase().includes('json-patch');
}
