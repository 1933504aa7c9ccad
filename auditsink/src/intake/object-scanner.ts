import { HoldpointError, type JsonValue } from '@holdpoint/core';
import { createGatherer } from './gatherer.ts';
import type { ItemGatherer, ScannedItem } from './scanned-item.ts';
import { createValueWalker, isSpace } from './value-walker.ts';

/** What was found next in an object. */
export type Scanned =
  /** `text` is the value's JSON; undefined when it was too long to be kept. */
  | { type: 'Member'; name: string; text: string | undefined }
  /** The list has begun. */
  | { type: 'List' }
  | { type: 'Item'; item: ScannedItem };

/** Takes one JSON object apart while it comes in, whatever the pieces it comes in. */
export interface ObjectScanner {
  /**
   * Takes the next bytes. To be iterated to its end before the next piece.
   *
   * @throws HoldpointError ERR_AUDIT_EVENTS_INVALID naming the byte at which it stops being JSON
   */
  scan(bytes: Buffer): Generator<Scanned>;
  /** @throws HoldpointError ERR_AUDIT_EVENTS_INVALID when the object is not whole */
  finish(): void;
  /** Bytes of memory in use for what is not whole yet. */
  heldBytes(): number;
}

export interface ObjectScannerOptions {
  /** A member whose text is longer is told of by its name alone. */
  maxMemberBytes: number;
  /** A member that is a list, and is taken apart too. */
  list?: { name: string; items: ItemGatherer };
}

/** Names as long as this are nobody's. */
const maxNameBytes = 1_024;

type State =
  'Start' | 'NameOrEnd' | 'Name' | 'Colon' | 'Value' | 'CommaOrEnd' | 'ItemOrEnd' | 'Item' | 'ItemCommaOrEnd' | 'End';

const expected: Readonly<Record<State, string>> = {
  Start: 'an object',
  NameOrEnd: 'a name or "}"',
  Name: 'a name',
  Colon: '":"',
  Value: 'a value',
  CommaOrEnd: '"," or "}"',
  ItemOrEnd: 'an item or "]"',
  Item: 'an item',
  ItemCommaOrEnd: '"," or "]"',
  End: 'nothing more',
};

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;

export function createObjectScanner({ maxMemberBytes, list }: ObjectScannerOptions): ObjectScanner {
  const walker = createValueWalker();
  const names = createGatherer(maxNameBytes);
  const members = createGatherer(maxMemberBytes);
  let state: State = 'Start';
  let walking: 'Name' | 'Member' | 'Item' | undefined;
  let isTooLong = false;
  let name = '';
  /** Of the bytes taken before this piece. */
  let base = 0;

  const broken = (at: number, what = expected[state]): HoldpointError =>
    new HoldpointError('ERR_AUDIT_EVENTS_INVALID', `byte ${String(base + at)} of the body: expected ${what}`, {
      details: { offset: base + at },
    });
  const begin = (what: 'Name' | 'Member' | 'Item', first: number, at: number): void => {
    if (!walker.begin(first)) throw broken(at);
    walking = what;
    isTooLong = false;
  };
  const take = (piece: Buffer): void => {
    if (walking === 'Item') list?.items.add(piece);
    else if (!isTooLong) isTooLong = !(walking === 'Name' ? names : members).add(piece);
  };
  const finishValue = (at: number): Scanned | undefined => {
    const what = walking;
    walking = undefined;
    if (what === 'Name') {
      if (isTooLong) throw broken(at, 'a shorter name');
      name = nameOf(names.take());
      state = 'Colon';
      return undefined;
    }
    if (what === 'Item' && list !== undefined) {
      state = 'ItemCommaOrEnd';
      return { type: 'Item', item: list.items.take() };
    }
    state = 'CommaOrEnd';
    const text = members.take().toString('utf8');
    return { type: 'Member', name, text: isTooLong ? undefined : text };
  };
  const nameOf = (bytes: Buffer): string => {
    try {
      return JSON.parse(bytes.toString('utf8')) as string;
    } catch {
      return bytes.toString('latin1'); // Nothing of ours is called so: quotes and all.
    }
  };
  /** One byte of structure. */
  const step = (byte: number, at: number): Scanned | undefined => {
    const isClosing = byte === 0x7d || byte === 0x5d;
    switch (state) {
      case 'Start':
        if (byte !== 0x7b) throw broken(at);
        state = 'NameOrEnd';
        return undefined;
      case 'NameOrEnd':
      case 'Name':
        if (byte === 0x7d && state === 'NameOrEnd') state = 'End';
        else if (byte === quote) begin('Name', byte, at);
        else throw broken(at);
        return undefined;
      case 'Colon':
        if (byte !== colon) throw broken(at);
        state = 'Value';
        return undefined;
      case 'Value':
        if (name === list?.name && byte === 0x5b) {
          state = 'ItemOrEnd';
          return { type: 'List' };
        }
        begin('Member', byte, at);
        return undefined;
      case 'ItemOrEnd':
      case 'Item':
        if (byte === 0x5d && state === 'ItemOrEnd') state = 'CommaOrEnd';
        else begin('Item', byte, at);
        return undefined;
      case 'CommaOrEnd':
      case 'ItemCommaOrEnd': {
        const isList = state === 'ItemCommaOrEnd';
        if (byte === comma) state = isList ? 'Item' : 'Name';
        else if (isClosing && byte === (isList ? 0x5d : 0x7d)) state = isList ? 'CommaOrEnd' : 'End';
        else throw broken(at);
        return undefined;
      }
      case 'End':
        throw broken(at);
    }
  };

  return {
    *scan(bytes) {
      let at = 0;
      while (at < bytes.length) {
        if (walking === undefined) {
          const byte = bytes[at] as number;
          const scanned = isSpace(byte) ? undefined : step(byte, at);
          if (scanned !== undefined) yield scanned;
          // The first byte of a value is the value's own.
          if (walking === undefined) at += 1;
          continue;
        }
        const { end, isWhole } = walker.walk(bytes, at);
        take(bytes.subarray(at, end));
        at = end;
        if (!isWhole) break;
        const scanned = finishValue(at);
        if (scanned !== undefined) yield scanned;
      }
      base += bytes.length;
    },
    finish() {
      if (state !== 'End') {
        throw new HoldpointError(
          'ERR_AUDIT_EVENTS_INVALID',
          `byte ${String(base)} of the body: it ends before its JSON does`,
          { details: { offset: base } },
        );
      }
    },
    heldBytes: () => names.heldBytes() + members.heldBytes() + (list?.items.heldBytes() ?? 0),
  };
}

/** A member's value. Undefined for what is too long, or no JSON. */
export function valueOf(text: string | undefined): JsonValue | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
