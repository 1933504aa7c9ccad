import { isJsonObject, type JsonValue } from '@holdpoint/core';

/**
 * A Table's cells are copies of fields. Where a policy names secret fields, or somebody's own definition the columns, the rows'
 * objects tell which cells to mask; so they are asked for, and taken away again when the client wanted less.
 */
export type IncludeObject = 'asAsked' | 'Metadata' | 'None';

/** The request with the rows' objects asked for, and what the client wanted. Untouched where that is no known word. */
export function withObjects(url: string): { url: string; include: IncludeObject } {
  const [path = '', query = ''] = splitOnce(url, '?');
  const parameters = new URLSearchParams(query);
  // Of several, the API server takes the first.
  const wanted = parameters.get('includeObject') ?? 'Metadata';
  if (wanted !== '' && wanted !== 'Metadata' && wanted !== 'None') return { url, include: 'asAsked' };
  parameters.set('includeObject', 'Object');
  return { url: `${path}?${parameters.toString()}`, include: wanted === 'None' ? 'None' : 'Metadata' };
}

/** A row, or a Table with its rows, with as much of the objects as the client asked for. */
export function withIncluded(value: JsonValue, include: IncludeObject): JsonValue {
  if (include === 'asAsked' || !isJsonObject(value)) return value;
  if (Array.isArray(value.rows)) return { ...value, rows: value.rows.map((row) => withIncluded(row, include)) };
  const { object, ...row } = value;
  if (!isJsonObject(object) || object.kind === 'PartialObjectMetadata') return value;
  if (include === 'None') return row;
  const metadata = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata ?? {} };
  return { ...row, object: metadata };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
