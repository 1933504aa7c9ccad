import { isJsonObject, type GroupVersionResource, type JsonValue } from '../kubernetes/object.ts';
import type { Operation } from '../policy/access-policy.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Change } from './hold.ts';

/** All that an approval is bound to: change one of these, and it is another question. */
export interface DigestInput {
  /** Who asks. Groups are left out: they are the issuer's, and may be listed in another order next time. */
  username: string;
  operation: Operation;
  resource: GroupVersionResource;
  subresource: string;
  namespace: string;
  name: string;
  change: Change;
  /** For a DELETE: the very object that was seen, and not a namesake created since. */
  oldObject: JsonValue;
  /** The groups that the request is elevated to, sorted: an approval is of the change _and_ of the permission it is made with. */
  elevated?: readonly string[];
}

/** HMAC-SHA256 over UTF-8 text with the installation's key, as lower-case hex. */
export type Hmac = (text: string) => string;

/**
 * The digest of exactly this change. Keyed, because it covers old values: with a plain hash, whoever may read holds could
 * guess a secret's old value offline and see whether the digest agrees.
 *
 * @returns `hmac-sha256:` and 64 hex digits
 */
export function digestOf(input: DigestInput, hmac: Hmac): string {
  const { username, operation, resource, subresource, namespace, name, elevated = [] } = input;
  const change = (
    input.change.type === 'Delete' ? { ...input.change, object: uidOf(input.oldObject) } : input.change
  ) as JsonValue;
  return `hmac-sha256:${hmac(
    canonicalJson({
      username,
      operation,
      resource: { group: resource.group, version: resource.version, resource: resource.resource },
      subresource,
      namespace,
      name,
      change,
      ...(elevated.length === 0 ? {} : { elevated: [...elevated] }),
    }),
  )}`;
}

function uidOf(object: JsonValue): string {
  if (!isJsonObject(object) || !isJsonObject(object['metadata'])) return '';
  return String(object['metadata']['uid'] ?? '');
}
