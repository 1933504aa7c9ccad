import { HoldpointError, type JsonValue } from '@holdpoint/core';
import { createItemGatherer } from './item-gatherer.ts';
import { createObjectScanner, valueOf } from './object-scanner.ts';
import type { ScannedItem } from './scanned-item.ts';

/**
 * Cuts the events out of an `audit.k8s.io/v1` EventList while it comes in. Of a list of any length, one event is in memory at
 * a time. Should a list have `items` twice, both count: nothing that was told is left out.
 */
export interface EventScanner {
  /**
   * Takes the next bytes. To be iterated to its end before the next piece: an item's bytes may be a part of it.
   *
   * @throws HoldpointError ERR_AUDIT_EVENTS_INVALID naming the byte at which it stops being JSON, or the field that makes it
   * another list than an EventList. What was handed out before is whole.
   */
  scan(bytes: Buffer): Generator<ScannedItem>;
  /** @throws HoldpointError ERR_AUDIT_EVENTS_INVALID when the list is not whole, or none */
  finish(): void;
  /** Bytes of memory in use for what is not whole yet. */
  heldBytes(): number;
}

/** What says that it is an EventList, and what is said of something else. */
const header: Readonly<Record<string, string>> = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1' };
/** A list's own members say what it is; its metadata is empty. */
const maxMemberBytes = 64 * 1024;

export function createEventScanner(maxItemBytes: number): EventScanner {
  const scanner = createObjectScanner({
    maxMemberBytes,
    list: { name: 'items', items: createItemGatherer(maxItemBytes) },
  });
  const seen = new Set<string>();
  return {
    *scan(bytes) {
      for (const scanned of scanner.scan(bytes)) {
        if (scanned.type === 'Item') yield scanned.item;
        else if (scanned.type === 'List') seen.add('items');
        else {
          const value = valueOf(scanned.text);
          const wanted = Object.hasOwn(header, scanned.name) ? header[scanned.name] : undefined;
          if (wanted !== undefined && value !== wanted) throw invalid(scanned.name, `"${wanted}"`, value);
          if (scanned.name === 'items') throw invalid('items', 'a list', value);
          if (value === undefined && scanned.text !== undefined) throw invalid('the body', 'JSON', 'another text');
          if (wanted !== undefined) seen.add(scanned.name);
        }
      }
    },
    finish() {
      scanner.finish();
      for (const [name, wanted] of Object.entries(header)) {
        if (!seen.has(name)) throw invalid(name, `"${wanted}"`, undefined);
      }
      if (!seen.has('items')) throw invalid('items', 'a list', undefined);
    },
    heldBytes: () => scanner.heldBytes(),
  };
}

function invalid(path: string, expected: string, got: JsonValue | undefined): HoldpointError {
  const shown = got === undefined ? 'nothing' : got === null ? 'null' : typeof got;
  return new HoldpointError('ERR_AUDIT_EVENTS_INVALID', `${path}: expected ${expected}, got ${shown}`, {
    details: { path },
  });
}
