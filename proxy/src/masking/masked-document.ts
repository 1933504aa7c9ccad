import {
  columnsOf,
  isJsonObject,
  maskAnswer,
  maskEnvelope,
  maskItem,
  maskRow,
  ofItems,
  type AnswerMasking,
  type JsonObject,
  type JsonValue,
  type Mask,
} from '@holdpoint/core';
import { unreadable, type AnswerMasker } from './answer-masker.ts';
import { createItemCutter, type Piece } from './item-cutter.ts';
import { changeJson, parseJson } from './json-text.ts';
import { withIncluded, type IncludeObject } from './table-objects.ts';

/**
 * One object is at most 3 MiB in a request and 1.5 MiB in etcd; base64, escapes and annotations of annotations have room.
 * What is no list is held whole, and so is what stands around a list's items.
 */
const maxHeldBytes = 32 * 1_048_576;
/**
 * A list leaves in pieces of about so many bytes: it comes in records of TLS, and each would be a chunk and a system call. Each is put
 * together once, in the buffer that leaves. What buffers take lies outside of V8's heap, but when enough of it has come together V8
 * looks through the whole heap: see docs/performance.md.
 */
const minShownBytes = 65_536;

/** Bytes as they are, or each as a character (Latin-1). */
type Shown = Buffer | string;

/** Masks an object, or a list or Table item by item, in JSON. Bytes that hold nothing to mask come out as they went in. */
export function createDocumentMasker(mask: Mask, how: AnswerMasking, include: IncludeObject = 'asAsked'): AnswerMasker {
  const cutter = createItemCutter();
  let maskOne: ((item: Buffer) => Shown) | undefined;
  let items = 0;
  let ended = false;
  let shown: Shown[] = [];
  let shownBytes = 0;

  const show = (bytes: Shown): void => {
    shown.push(bytes);
    shownBytes += bytes.length;
  };
  const take = (): Buffer => {
    const bytes = joined(shown, shownBytes);
    shown = [];
    shownBytes = 0;
    return bytes;
  };
  const maskPiece = (piece: Piece): void => {
    if (piece.kind === 'head') {
      const { bytes, field, columns } = maskHead(piece.bytes, mask, how);
      maskOne = itemMasker(mask, field === 'rows' ? { field, columns, how, include } : { field, how: ofItems(how) });
      show(bytes);
    } else if (piece.kind === 'item' && maskOne !== undefined) {
      items += 1;
      if (items > 1) show(',');
      show(maskOne(piece.bytes));
    } else {
      ended = true;
      const isWhole = maskOne === undefined;
      show(
        isWhole ? changeJson(piece.bytes, (answer) => maskAnswer(answer, mask, how)) : maskTail(piece.bytes, mask, how),
      );
    }
  };

  return {
    held: () => cutter.held() + shownBytes,
    push(chunk) {
      const pieces = cutter.push(chunk);
      if (cutter.held() > maxHeldBytes) throw unreadable(`an object is larger than ${String(maxHeldBytes)} bytes`);
      pieces.forEach(maskPiece);
      return shownBytes < minShownBytes ? Buffer.alloc(0) : take();
    },
    end() {
      cutter.end().forEach(maskPiece);
      if (maskOne !== undefined && !ended) throw unreadable('the answer ends within a list');
      return take();
    },
  };
}

function joined(shown: readonly Shown[], size: number): Buffer {
  const [only] = shown;
  if (shown.length === 1 && typeof only === 'object') return only;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const each of shown) {
    if (typeof each === 'string') bytes.write(each, at, 'latin1');
    else bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

/** All that says how an item is masked, but for the mask. Plain data: written out, it is what remembered items are told apart by. */
type ItemRule =
  | { field: 'items'; how: AnswerMasking }
  | { field: 'rows'; columns: readonly string[]; how: AnswerMasking; include: IncludeObject };

function itemMasker(mask: Mask, rule: ItemRule): (item: Buffer) => Shown {
  const remembered = mask.items?.under(JSON.stringify(rule));
  if (remembered === undefined) return (item) => maskByRule(item, rule, mask);
  const maskNow = (item: Buffer, noting: Mask): string | undefined => {
    const masked = maskByRule(item, rule, noting);
    // Not the text that it was made of: a piece that was cut out of what came would keep all of that.
    return masked === item ? undefined : masked.toString('latin1');
  };
  return (item) => remembered.masked(item, mask, (noting) => maskNow(item, noting)) ?? item;
}

/** By its arguments alone, so that its outcome can be remembered. */
function maskByRule(item: Buffer, rule: ItemRule, mask: Mask): Buffer {
  return changeJson(item, (value) =>
    rule.field === 'rows'
      ? withIncluded(maskRow(value, rule.columns, mask, rule.how), rule.include)
      : maskItem(value, mask, rule.how),
  );
}

/** The part before the items, closed so that it can be read by itself, and opened again. */
function maskHead(
  bytes: Buffer,
  mask: Mask,
  how: AnswerMasking,
): { bytes: Buffer; field: 'items' | 'rows'; columns: readonly string[] } {
  const text = bytes.toString('utf8');
  const parsed = parseJson(`${text}]}`);
  if (!isJsonObject(parsed)) throw unreadable('the answer is not JSON');
  const field = Array.isArray(parsed.items) ? 'items' : 'rows';
  const masked = aroundItems(parsed, field, mask, how);
  const columns = columnsOf(parsed) ?? [];
  if (masked === parsed) return { bytes, field, columns };
  const { [field]: _empty, ...others } = masked;
  return { bytes: Buffer.from(JSON.stringify({ ...others, [field]: [] }).slice(0, -2)), field, columns };
}

function maskTail(bytes: Buffer, mask: Mask, how: AnswerMasking): Buffer {
  const begin = '{"items":[';
  const whole = changeJson(Buffer.concat([Buffer.from(begin), bytes]), (value) => {
    if (!isJsonObject(value)) throw unreadable('the answer is not JSON');
    return aroundItems(value, 'items', mask, how);
  });
  return whole.subarray(begin.length);
}

function aroundItems(list: JsonObject, field: 'items' | 'rows', mask: Mask, how: AnswerMasking): JsonObject {
  const { [field]: items, ...around } = list;
  const masked: Record<string, JsonValue> = maskEnvelope(around, mask, how);
  return masked === around ? list : { [field]: items ?? [], ...masked };
}
