import { isJsonObject, type JsonObject, type JsonValue } from '@holdpoint/core';
import { bytesOf, fieldsOf, lengthDelimited, textOf, type WireField } from './protobuf-wire.ts';

/** The object in a request's body, as far as a release is concerned, and the way to send another in its place. */
export interface WrittenObject {
  object: JsonObject;
  /** The body with `data` of this object, and in JSON all of it. */
  bodyOf(object: JsonObject): Buffer;
}

/** Reads a body in JSON, or a Secret or ConfigMap in protobuf, which is how helm creates them; undefined for any other. */
export function readWritten(body: Buffer, contentType: string): WrittenObject | undefined {
  return /protobuf/i.test(contentType) ? readProtobuf(body) : readJson(body);
}

function readJson(body: Buffer): WrittenObject | undefined {
  try {
    const object = JSON.parse(body.toString('utf8')) as JsonValue;
    return isJsonObject(object) ? { object, bodyOf: (next) => Buffer.from(JSON.stringify(next)) } : undefined;
  } catch {
    return undefined; // YAML: helm does not send it.
  }
}

/** Source: apimachinery runtime/serializer/protobuf: these four bytes, then a message `Unknown`. */
const magic = Buffer.from('k8s\0');
/** Source: the generated.proto of apimachinery runtime and meta/v1, and of api core/v1. */
const unknown = { typeMeta: 1, raw: 2 };
const typeMeta = { apiVersion: 1, kind: 2 };
const objectFields = { metadata: 1, data: 2 };
const metadata = { name: 1, labels: 11 };
const mapEntry = { key: 1, value: 2 };

function readProtobuf(body: Buffer): WrittenObject | undefined {
  if (!body.subarray(0, magic.length).equals(magic)) return undefined;
  const envelope = fieldsOf(body.subarray(magic.length));
  const type = fieldsOf(bytesOf(envelope, unknown.typeMeta));
  const fields = fieldsOf(bytesOf(envelope, unknown.raw));
  const meta = fieldsOf(bytesOf(fields, objectFields.metadata));
  if (envelope === undefined || type === undefined || fields === undefined || meta === undefined) return undefined;
  const kind = textOf(type, typeMeta.kind);
  // A Secret's data are bytes, in base64 where it is written as JSON.
  const encoding = kind === 'Secret' ? 'base64' : 'utf8';
  const object: JsonObject = {
    apiVersion: textOf(type, typeMeta.apiVersion),
    kind,
    metadata: {
      name: textOf(meta, metadata.name),
      labels: mapOf(meta, metadata.labels, 'utf8'),
    },
    data: mapOf(fields, objectFields.data, encoding),
  };
  return {
    object,
    bodyOf({ data }) {
      const raw = fields.map((field) => withValue(field, isJsonObject(data) ? data : {}, encoding));
      const next = envelope.map((field) =>
        field.number === unknown.raw ? lengthDelimited(unknown.raw, Buffer.concat(raw)) : field.whole,
      );
      return Buffer.concat([magic, ...next]);
    },
  };
}

function mapOf(fields: readonly WireField[], number: number, encoding: 'base64' | 'utf8'): JsonObject {
  const entries = fields
    .filter((field) => field.number === number)
    .map((field) => {
      const entry = fieldsOf(field.bytes);
      return [textOf(entry, mapEntry.key), (bytesOf(entry, mapEntry.value) ?? Buffer.alloc(0)).toString(encoding)];
    });
  return Object.fromEntries(entries) as JsonObject;
}

/** A field of the object as it was; an entry of its data with the value that `data` has for it. */
function withValue(field: WireField, data: JsonObject, encoding: 'base64' | 'utf8'): Buffer {
  if (field.number !== objectFields.data) return field.whole;
  const key = textOf(fieldsOf(field.bytes), mapEntry.key);
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (typeof value !== 'string') return field.whole;
  const entry = [
    lengthDelimited(mapEntry.key, Buffer.from(key)),
    lengthDelimited(mapEntry.value, Buffer.from(value, encoding)),
  ];
  return lengthDelimited(objectFields.data, Buffer.concat(entry));
}
