import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { isJsonObject } from '../kubernetes/object.ts';
import type { Span } from './detectors/span.ts';

/**
 * Messages that are made before the API server reads the object, or by our own webhook: they name, but cannot quote a
 * value. Everything else about a Secret may (a malformed write answers with every other key's value).
 */
const safeMessages: readonly RegExp[] = [
  /^[a-z0-9.-]+(?: "[^"]*")? is forbidden: User "[^"]*" cannot [a-z]+ resource "[a-z/]+" in API group "[a-z0-9.-]*"[a-zA-Z0-9 "-]*$/,
  /^[a-z0-9.-]+ "[^"]*" (?:not found|already exists)$/,
  /^Operation cannot be fulfilled on [a-z0-9.-]+ "[^"]*": the object has been modified; please apply your changes to the latest version and try again$/,
  /^admission webhook "(?:[a-z0-9-]+\.)*holdpoint\.dev" denied the request: /,
];

/**
 * Rebuilds a failure Status about Secrets, or about what a policy masks fields of, without what could carry a value: `code`, `reason` and the names stay, and so
 * do messages that cannot quote an object.
 */
export function maskStatus(status: JsonObject, about = 'Secrets'): JsonObject {
  const message = typeof status.message === 'string' ? status.message : '';
  if (safeMessages.some((safe) => safe.test(message))) return status;
  const reason = typeof status.reason === 'string' ? status.reason : 'Unknown';
  const rebuilt: JsonObject = {
    ...status,
    message: `the API server answered ${reason}; its message is withheld, because messages about ${about} can quote their values`,
  };
  if (isJsonObject(status.details)) rebuilt.details = maskDetails(status.details);
  return rebuilt;
}

const objectBegins = /\{\\*"/;

/** A failure Status with the objects that its messages quote left out; the same reference when they quote none. */
export function withoutQuotedObjects(status: JsonObject): JsonObject {
  const { details } = status;
  const causes = isJsonObject(details) && Array.isArray(details.causes) ? details.causes : [];
  const shown = causes.map((cause) => (isJsonObject(cause) ? withoutObject(cause) : cause));
  const changed = withoutObject(status);
  if (!isJsonObject(details) || shown.every((cause, at) => cause === causes[at])) return changed;
  return { ...changed, details: { ...details, causes: shown } };
}

function withoutObject(holder: JsonObject): JsonObject {
  const { message } = holder;
  const quoted = typeof message === 'string' ? quotedObject(message) : undefined;
  if (typeof message !== 'string' || quoted === undefined) return holder;
  return { ...holder, message: `${message.slice(0, quoted.start)}{… withheld …}${message.slice(quoted.end)}` };
}

/**
 * From the first brace before a quote to the last brace: a write that cannot be decoded is answered with the whole stored object. Not
 * one expression, which would look for the last brace from each of the first ones, and a client may have written a million of these.
 */
function quotedObject(message: string): Span | undefined {
  const end = message.lastIndexOf('}') + 1;
  const start = message.slice(0, end).search(objectBegins);
  return start < 0 ? undefined : { start, end };
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
