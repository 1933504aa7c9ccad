import { maskBeginning, maskCutOff, maskDocument, maskWhole, trailingStart, type Mask } from '@holdpoint/core';
import type { AnswerMasker } from './answer-masker.ts';
import { createKeyLines, timestamp, type LineGroup } from './key-lines.ts';

/** A line longer than this is masked in pieces, each up to where no credential is cut; longer than any credential. */
const longestPieceBytes = 262_144;
const overlapBytes = 32_768;
const newline = 0x0a;

/**
 * Masks a log line by line: a line goes on as soon as its end is there. Held back are the line that has no end yet, and the
 * lines that may be a private key's. Lines without a credential come out as the bytes they were. What ends without a line break
 * was cut off (`--limit-bytes`), and a credential in it too.
 */
export function createLogMasker(mask: Mask): AnswerMasker {
  const lines = createKeyLines();
  let pending = Buffer.alloc(0);
  let inPieces = false;
  const masked = (groups: LineGroup[]): Buffer[] => groups.map((group) => maskGroup(group, mask));

  return {
    held: () => pending.length,
    push(chunk) {
      const shown: Buffer[] = [];
      let text = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (text.length > 0) {
        const end = text.indexOf(newline);
        if (end >= 0 && end < longestPieceBytes) {
          shown.push(...masked(lines.take(text.subarray(0, end + 1))));
          text = text.subarray(end + 1);
          inPieces = false;
        } else if (text.length >= longestPieceBytes) {
          const piece = maskPiece(text.subarray(0, longestPieceBytes), mask);
          // No line of a key is as long: what was held back ends before it.
          if (!inPieces) shown.push(...masked(lines.end(Buffer.alloc(0))));
          shown.push(piece.bytes);
          text = text.subarray(piece.read);
          inPieces = true;
        } else break;
      }
      pending = Buffer.from(text);
      return Buffer.concat(shown);
    },
    end() {
      const cut = pending;
      pending = Buffer.alloc(0);
      return Buffer.concat(masked(lines.end(cut)));
    },
  };
}

function maskGroup({ text: bytes, kind }: LineGroup, mask: Mask): Buffer {
  const text = bytes.toString('utf8');
  const [before = ''] = timestamp.exec(text) ?? [];
  const end = Math.max(before.length, trailingStart(text, '\r\n'));
  const said = text.slice(before.length, end);
  const masked = maskSaid(said, kind, mask);
  return masked === said ? bytes : Buffer.from(`${before}${masked}${text.slice(end)}`);
}

function maskSaid(said: string, kind: LineGroup['kind'], mask: Mask): string {
  if (kind === 'restOfKey') return maskWhole(said, mask);
  // As a document: a line may be JSON, and that a manifest of a Secret.
  const masked = String(maskDocument(said, mask));
  return kind === 'cutOff' ? maskCutOff(masked, mask) : masked;
}

/** A piece of a long line. As bytes, one a character: a piece may end within a character. */
function maskPiece(bytes: Buffer, mask: Mask): { bytes: Buffer; read: number } {
  const text = bytes.toString('latin1');
  const { masked, read } = maskBeginning(text, text.length - overlapBytes, mask);
  return { bytes: masked === text.slice(0, read) ? bytes.subarray(0, read) : Buffer.from(masked, 'latin1'), read };
}
