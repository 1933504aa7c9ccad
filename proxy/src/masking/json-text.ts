import type { JsonValue } from '@holdpoint/core';
import { unreadable } from './answer-masker.ts';

/** JSON.parse with the source of each number (TC39's JSON.parse source text access), which TypeScript does not know yet. */
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
interface ExactJson {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
}
const exactJson = JSON as unknown as ExactJson;

/** Integers that a double does not hold, and that some custom resource may: written back, they would be others. */
const longNumber = /[:[,]\s*-?\d{16,}/;

/**
 * Changes a JSON text by changing the value it stands for. The very bytes when nothing changes. Throws ERR_MASK_UNREADABLE
 * for what is no JSON, or nested deeper than the stack.
 */
export function changeJson(bytes: Buffer, change: (value: JsonValue) => JsonValue): Buffer {
  const text = bytes.toString('utf8');
  const parsed = parseJson(text);
  try {
    const changed = change(parsed);
    if (changed === parsed) return bytes;
    return Buffer.from(written(longNumber.test(text) ? change(parseExactly(text)) : changed, text));
  } catch (error) {
    if (error instanceof RangeError) throw unreadable('the answer is nested too deeply, or a masking path is none');
    throw error;
  }
}

/** How Go writes a value in lines (`pretty=true`): where it stands deeper, all of its lines do. */
const inLines = /^(\s*)[{[]\n( {2,64})\S/;

/** A changed value, written in lines where it was. */
function written(value: JsonValue, before: string): string {
  const [, lead = '', indent] = inLines.exec(before) ?? [];
  if (indent === undefined) return JSON.stringify(value);
  const lines = JSON.stringify(value, undefined, 2).replaceAll('\n', `\n${indent.slice(2)}`);
  return lead + lines + before.slice(before.trimEnd().length);
}

/** Throws ERR_MASK_UNREADABLE for what is no JSON. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own message quotes the text.
    throw unreadable('the answer is not JSON');
  }
}

function parseExactly(text: string): JsonValue {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? exactJson.rawJSON(source)
      : value,
  ) as JsonValue;
}
