import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { isJsonObject } from '../kubernetes/object.ts';

/**
 * Messages that are made before the API server reads the object, or by our own webhook: they name, but cannot quote a
 * value. Everything else about a Secret may (a malformed write answers with every other key's value).
 */
const safeMessages: readonly RegExp[] = [
  /^secrets(?: "[^"]*")? is forbidden: User "[^"]*" cannot [a-z]+ resource "[a-z/]+" in API group ""[a-zA-Z0-9 "-]*$/,
  /^secrets "[^"]*" (?:not found|already exists)$/,
  /^admission webhook "(?:[a-z0-9-]+\.)*holdpoint\.dev" denied the request: /,
];

/**
 * Rebuilds a failure Status about Secrets without what could carry a value: `code`, `reason` and the names stay, and so
 * do messages that cannot quote an object.
 */
export function maskStatus(status: JsonObject): JsonObject {
  const message = typeof status.message === 'string' ? status.message : '';
  if (safeMessages.some((safe) => safe.test(message))) return status;
  const reason = typeof status.reason === 'string' ? status.reason : 'Unknown';
  const rebuilt: JsonObject = {
    ...status,
    message: `the API server answered ${reason}; its message is withheld, because messages about Secrets can quote their values`,
  };
  if (isJsonObject(status.details)) rebuilt.details = maskDetails(status.details);
  return rebuilt;
}

function maskDetails(details: JsonObject): JsonObject {
  const causes = details.causes;
  if (!Array.isArray(causes)) return details;
  return { ...details, causes: causes.map(maskCause) };
}

/** `field` may be a map key the client chose, never a value; `message` is where values are quoted. */
function maskCause(cause: JsonValue): JsonValue {
  return isJsonObject(cause) ? { ...cause, message: 'withheld' } : {};
}
