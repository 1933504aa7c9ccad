import { structuredPatch } from 'diff';
import type { Style } from './style.ts';
import { toPrintable } from './table.ts';

/**
 * A unified diff of two texts, its lines made printable and coloured, without the file headers. Empty when they are equal.
 *
 * @param context unchanged lines around each change; Infinity for all
 */
export function unifiedDiff(before: string, after: string, context: number, style: Style): string {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: Math.min(context, wholeText) });
  return hunks
    .flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      style.faint(`@@ -${String(oldStart)},${String(oldLines)} +${String(newStart)},${String(newLines)} @@`),
      ...lines.filter((line) => !line.startsWith('\\')).map((line) => paint(toPrintable(line), style)),
    ])
    .join('\n');
}

/** More lines than any object of etcd's 1.5 MiB has. */
const wholeText = 2_000_000;

function paint(line: string, style: Style): string {
  if (line.startsWith('+')) return style.added(line);
  return line.startsWith('-') ? style.removed(line) : line;
}
