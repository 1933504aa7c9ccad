import { createHash } from 'node:crypto';
import type { JsonValue } from '@holdpoint/core';
import { createGatherer } from './gatherer.ts';
import { createObjectScanner, valueOf } from './object-scanner.ts';
import type { ItemGatherer, ScannedItem } from './scanned-item.ts';

/**
 * Past their bodies, everything in an event comes from a request's line and headers, and the API server takes no more than
 * 1 MiB of those.
 */
const maxFieldBytes = 1024 * 1024;
/** Of all fields together: the URI, the user and who impersonated, each at its largest, do not occur together. */
const maxFieldsBytes = 4 * 1024 * 1024;
/** A field costs memory however short it is. */
const bytesPerField = 100;

export function createItemGatherer(maxItemBytes: number): ItemGatherer {
  const whole = createGatherer(maxItemBytes);
  let oversize: ReturnType<typeof createSkimmer> | undefined;
  return {
    add(piece) {
      if (oversize === undefined && !whole.add(piece)) {
        oversize = createSkimmer();
        oversize.add(whole.take());
      }
      oversize?.add(piece);
    },
    take() {
      const skimmed = oversize;
      oversize = undefined;
      return skimmed?.take() ?? { type: 'Whole', bytes: whole.take() };
    },
    heldBytes: () => whole.heldBytes() + (oversize?.heldBytes() ?? 0),
  };
}

/** Lets an item go past, hashing it, and keeps its small fields. */
function createSkimmer() {
  const hash = createHash('sha256');
  const scanner = createObjectScanner({ maxMemberBytes: maxFieldBytes });
  const fields = new Map<string, JsonValue>();
  let length = 0;
  let fieldBytes = 0;
  let isReadable = true;
  const skim = (piece: Buffer): void => {
    for (const scanned of scanner.scan(piece)) {
      if (scanned.type !== 'Member') continue;
      const { name, text } = scanned;
      const value = valueOf(text);
      fieldBytes += bytesPerField + name.length + (text?.length ?? 0);
      if (value !== undefined && fieldBytes <= maxFieldsBytes) fields.set(name, value);
    }
  };
  return {
    add(piece: Buffer): void {
      hash.update(piece);
      length += piece.length;
      if (!isReadable) return;
      try {
        skim(piece);
      } catch {
        isReadable = false; // No object, or no JSON from here on. What was found before is what is known.
      }
    },
    take(): ScannedItem {
      // fromEntries defines own properties: a field called __proto__ stays a field.
      return { type: 'Oversize', length, contentHash: hash.digest('hex'), fields: Object.fromEntries(fields) };
    },
    heldBytes: () => scanner.heldBytes() + Math.min(fieldBytes, maxFieldsBytes),
  };
}
