import { maskBeginning, maskDocument, type Mask } from '@holdpoint/core';
import type { AnswerMasker } from './answer-masker.ts';

/** A line longer than this is masked in pieces, each up to where no credential is cut; longer than any credential. */
const longestPieceBytes = 262_144;
const overlapBytes = 32_768;
/** An RSA key of 16,384 bits has 260 lines of 64 characters: more is no key, and lines are not kept waiting for its end. */
const mostKeyLines = 400;
const newline = 0x0a;

const keyBegins = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*$/;
const keyEnds = /-----END /;
/** A line of a key's body, of its headers, or one with something before it, as logs have. A body's last line, which may be short, has 4n characters. */
const keyGoesOn =
  /^(?:[A-Za-z0-9+/=]{16,128}|(?:[A-Za-z0-9+/]{4}){0,3}(?:[A-Za-z0-9+/=]{4})?|[A-Za-z-]{3,20}: .{0,200}|.{0,200}\s[A-Za-z0-9+/=]{32,128})\s*$/;
/** What `kubectl logs --timestamps` puts before a line. */
const timestamp = /^\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d) /;

/**
 * Masks a log line by line: a line goes on as soon as its end is there. Held back are the line that has no end yet, and the
 * lines of a private key until it is complete. Lines without a credential come out as the bytes they were.
 */
export function createLogMasker(mask: Mask): AnswerMasker {
  let pending = Buffer.alloc(0);
  /** The lines of a private key that has begun. */
  let key: Buffer[] = [];

  const endKey = (): Buffer[] => {
    const lines = key;
    key = [];
    return lines.length === 0 ? [] : [maskLine(Buffer.concat(lines), mask)];
  };
  /** @param line with its line break, where it has one */
  const takeLine = (line: Buffer): Buffer[] => {
    const text = line.toString('latin1');
    if (key.length > 0) {
      if (keyEnds.test(text)) {
        key.push(line);
        return endKey();
      }
      if (key.length < mostKeyLines && keyGoesOn.test(text.replace(timestamp, ''))) {
        key.push(line);
        return [];
      }
      return [...endKey(), ...takeLine(line)];
    }
    if (!keyBegins.test(text)) return [maskLine(line, mask)];
    key = [line];
    return [];
  };

  return {
    push(chunk) {
      const masked: Buffer[] = [];
      let text = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (text.length > 0) {
        const end = text.indexOf(newline);
        if (end >= 0 && end < longestPieceBytes) {
          masked.push(...takeLine(text.subarray(0, end + 1)));
          text = text.subarray(end + 1);
        } else if (text.length >= longestPieceBytes) {
          const piece = maskPiece(text.subarray(0, longestPieceBytes), mask);
          masked.push(...endKey(), piece.bytes);
          text = text.subarray(piece.read);
        } else break;
      }
      pending = Buffer.from(text);
      return Buffer.concat(masked);
    },
    end() {
      const last = pending.length === 0 ? [] : takeLine(pending);
      pending = Buffer.alloc(0);
      return Buffer.concat([...last, ...endKey()]);
    },
  };
}

function maskLine(line: Buffer, mask: Mask): Buffer {
  const text = line.toString('utf8');
  const [before = ''] = timestamp.exec(text) ?? [];
  const [after = ''] = /[\r\n]*$/.exec(text) ?? [];
  const said = text.slice(before.length, text.length - after.length);
  // As a document: a line may be JSON, and that a manifest of a Secret.
  const masked = maskDocument(said, mask);
  return masked === said ? line : Buffer.from(`${before}${String(masked)}${after}`);
}

/** A piece of a long line. As bytes, one a character: a piece may end within a character. */
function maskPiece(bytes: Buffer, mask: Mask): { bytes: Buffer; read: number } {
  const text = bytes.toString('latin1');
  const { masked, read } = maskBeginning(text, text.length - overlapBytes, mask);
  return { bytes: masked === text.slice(0, read) ? bytes.subarray(0, read) : Buffer.from(masked, 'latin1'), read };
}
