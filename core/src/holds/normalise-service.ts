import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** The fields of a Service that the API server allocates. Source: pkg/registry/core/service/storage/alloc.go. */
const allocated = ['clusterIP', 'clusterIPs', 'healthCheckNodePort'];

/**
 * A Service's spec without the addresses and ports that the API server drew for it: it draws others at the next attempt,
 * before admission is asked. What the client set itself stays. `managedFields` tell the two apart: the API server writes
 * them from what the client sent, before it allocates. Without them everything stays.
 */
export function withoutAllocations(spec: JsonObject, managedFields: JsonValue | undefined): JsonObject {
  if (!Array.isArray(managedFields) || managedFields.length === 0) return spec;
  const owned = new Set<string>();
  for (const entry of managedFields) {
    const fields = isJsonObject(entry) && isJsonObject(entry['fieldsV1']) ? entry['fieldsV1']['f:spec'] : undefined;
    if (fields !== undefined) collectFields(fields, owned);
  }
  const kept = Object.entries(spec).filter(
    ([key, value]) => !allocated.includes(key) || owned.has(`f:${key}`) || isHeadless(value),
  );
  const next = Object.fromEntries(kept);
  const { ports } = spec;
  if (Array.isArray(ports) && !owned.has('f:nodePort')) next['ports'] = ports.map(withoutNodePort);
  return next;
}

/** Every field named at any depth: one node port that the client chose keeps them all, which asks more, never less. */
function collectFields(fields: JsonValue, into: Set<string>): void {
  if (!isJsonObject(fields)) return;
  for (const [key, inner] of Object.entries(fields)) {
    into.add(key);
    collectFields(inner, into);
  }
}

function isHeadless(value: JsonValue): boolean {
  return value === 'None' || (Array.isArray(value) && value.includes('None'));
}

function withoutNodePort(port: JsonValue): JsonValue {
  if (!isJsonObject(port)) return port;
  const { nodePort: _nodePort, ...rest } = port;
  return rest;
}
