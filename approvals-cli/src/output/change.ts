import type { Change, ChangeOperation, JsonValue } from '@holdpoint/core';
import { toYaml } from '@holdpoint/platform';
import type { Style } from './style.ts';
import { toPrintable } from './table.ts';

/** The exact change, line by line: what goes in red with a minus, what comes in green with a plus. */
export function printChange(change: Change, style: Style): string {
  switch (change.type) {
    case 'Create':
      return lines(change.object, '+ ', style.added);
    case 'Delete':
      return lines(change.object, '- ', style.removed);
    case 'Connect':
      return lines(change.options, '  ', (text) => text);
    case 'Update':
      return bookkeepingLast(change.patch)
        .map((operation) => printOperation(operation, style))
        .join('\n');
  }
}

const lastApplied = '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration';

/** `kubectl apply` repeats the whole object in an annotation. It is shown, but not in front of what really changes. */
function bookkeepingLast(patch: readonly ChangeOperation[]): ChangeOperation[] {
  return [...patch].sort((a, b) => Number(a.path === lastApplied) - Number(b.path === lastApplied));
}

function printOperation(operation: ChangeOperation, style: Style): string {
  const parts = [style.heading(toPrintable(operation.path))];
  if (operation.oldValue !== undefined) parts.push(lines(operation.oldValue, '- ', style.removed));
  if (operation.value !== undefined) parts.push(lines(operation.value, '+ ', style.added));
  return parts.join('\n');
}

function lines(value: JsonValue, prefix: string, colour: (text: string) => string): string {
  return toYaml(value)
    .trimEnd()
    .split('\n')
    .map((line) => colour(`${prefix}${toPrintable(line)}`))
    .join('\n');
}
