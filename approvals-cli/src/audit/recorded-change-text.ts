import type { JsonValue, PatchedValue, RecordedChange } from '@holdpoint/core';
import { printChange } from '../output/change.ts';
import { quoteShell } from '../output/shell-words.ts';
import type { Style } from '../output/style.ts';
import { toPrintable } from '../output/table.ts';

/** What a write changed, as lines that are safe to print. Empty for a change of nothing. */
export function printRecordedChange(change: RecordedChange, style: Style): string {
  switch (change.type) {
    case 'Held':
      return printChange(change, style);
    case 'Create':
      return printChange({ change: { type: 'Create', object: change.object } }, style);
    case 'Update':
      return change.patch.length === 0
        ? style.faint('nothing changed')
        : printChange({ change: { type: 'Update', patch: change.patch }, before: change.before }, style);
    case 'Replace':
      return [
        style.faint('the whole of it; what stood there before is not in the record'),
        printChange({ change: { type: 'Create', object: change.object } }, style),
      ].join('\n');
    case 'Patch':
      return change.values.length === 0
        ? style.faint('an empty patch')
        : change.values.map((value) => printValue(value, style)).join('\n');
    case 'Delete': {
      const options = Object.entries(change.options).map(([key, value]) => `${key}: ${compact(value)}`);
      return [
        ...(options.length === 0 ? [] : [style.faint(toPrintable(options.join(', ')))]),
        ...(change.object === undefined
          ? []
          : [printChange({ change: { type: 'Delete', object: change.object } }, style)]),
      ].join('\n');
    }
    case 'Connect': {
      const container = change.container === '' ? '' : ` (container ${change.container})`;
      return change.command.length === 0 ? '' : toPrintable(`$ ${quoteShell(change.command)}${container}`);
    }
    case 'Unknown':
      return style.warning(toPrintable(`what it changed cannot be told: ${change.why}`));
  }
}

function printValue({ op, path, from, value }: PatchedValue, style: Style): string {
  const shown = value === undefined ? '' : ` = ${compact(value)}`;
  switch (op) {
    case 'remove':
      return style.removed(toPrintable(`- ${path}`));
    case 'copy':
    case 'move':
      return style.added(toPrintable(`+ ${path} (${op} from ${from ?? '?'})`));
    case 'test':
      return style.faint(toPrintable(`? ${path}${shown}`));
    default:
      return style.added(toPrintable(`+ ${path}${shown}`));
  }
}

function compact(value: JsonValue): string {
  return JSON.stringify(value);
}
