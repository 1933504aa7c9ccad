/** Marks what goes on from the line above: text that a terminal wrapped by itself could pass for a line of ours. */
const continuation = '↳ ';

/**
 * Breaks printable lines that are wider than the terminal, so that nothing begins at its left edge but our own lines. Colours
 * count as no characters. Without `columns` (piped), lines are left as they are.
 */
export function foldLines(text: string, columns: number | undefined): string {
  if (columns === undefined || columns < narrowest) return text;
  return text
    .split('\n')
    .map((line) => foldLine(line, columns))
    .join('\n');
}

/** A narrower terminal has no room for the mark and text beside it. */
const narrowest = 20;

/** A colour, or one character. A wide one takes two columns: it is counted so wherever it might be wide. */
const pieces = /\p{Cc}\[[0-9;]*m|[^]/gu;

function foldLine(line: string, columns: number): string {
  let folded = '';
  let width = 0;
  for (const [piece] of line.matchAll(pieces)) {
    const size = widthOf(piece, width);
    if (width + size > columns && size > 0) {
      folded += `\n${continuation}`;
      width = continuation.length;
    }
    folded += piece;
    width += size;
  }
  return folded;
}

function widthOf(piece: string, at: number): number {
  if (piece.length > 2 || piece.startsWith('\u001b')) return 0;
  if (piece === '\t') return 8 - (at % 8);
  return (piece.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}
