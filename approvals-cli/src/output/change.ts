import {
  isJsonObject,
  statesOf,
  type ChangeOperation,
  type HoldSpec,
  type JsonValue,
  type OwnershipGain,
} from '@holdpoint/core';
import { toYaml } from '@holdpoint/platform';
import { quoteShell } from './shell-words.ts';
import type { Style } from './style.ts';
import { toPrintable } from './table.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface ChangeOptions {
  /** Unchanged lines around each change of an update; Infinity for the whole object. @default 3 */
  context?: number;
}

/** The exact change, line by line: what goes in red with a minus, what comes in green with a plus. */
export function printChange(
  spec: Pick<HoldSpec, 'change' | 'before'>,
  style: Style,
  { context = 3 }: ChangeOptions = {},
): string {
  const { change } = spec;
  switch (change.type) {
    case 'Create':
      return lines(change.object, '+ ', style.added);
    case 'Delete':
      return lines(change.object, '- ', style.removed);
    case 'Connect':
      return printConnect(change.options);
    case 'Update': {
      const states = statesOf(spec);
      const values =
        states === undefined
          ? bookkeepingLast(change.patch).map((operation) => printOperation(operation, style))
          : [printUpdate(states, context, style)];
      return [...values, ...(change.ownership ?? []).map((gain) => printOwnership(gain, style))]
        .filter((part) => part !== '')
        .join('\n');
    }
  }
}

/** True when some of what is signed is masked: the values themselves are not shown to anybody. */
export function hasMaskedValue({ change }: Pick<HoldSpec, 'change'>): boolean {
  const text = JSON.stringify(change);
  // In a Secret's `data` the mask is base64, whose first 15 characters stand for the first 11 of it.
  return text.includes('holdpoint-mask:') || text.includes('aG9sZHBvaW50LW1hc2');
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function bookkeepingLast(patch: readonly ChangeOperation[]): ChangeOperation[] {
  const path = `/metadata/annotations/${lastApplied.replaceAll('/', '~1')}`;
  return [...patch].sort((a, b) => Number(a.path === path) - Number(b.path === path));
}

/** `kubectl apply` repeats the whole object in an annotation. It is shown, but not in front of what really changes. */
function printUpdate(
  { before, after }: { before: JsonValue; after: JsonValue },
  context: number,
  style: Style,
): string {
  const [plainBefore, appliedBefore] = withoutLastApplied(before);
  const [plainAfter, appliedAfter] = withoutLastApplied(after);
  const parts = [unifiedDiff(toYaml(plainBefore), toYaml(plainAfter), context, style)];
  if (JSON.stringify(appliedBefore) !== JSON.stringify(appliedAfter)) {
    parts.push(
      style.heading(`annotation ${lastApplied}`),
      ...(appliedBefore === undefined ? [] : [lines(appliedBefore, '- ', style.removed)]),
      ...(appliedAfter === undefined ? [] : [lines(appliedAfter, '+ ', style.added)]),
    );
  }
  return parts.filter((part) => part !== '').join('\n');
}

function withoutLastApplied(object: JsonValue): [JsonValue, JsonValue | undefined] {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined;
  if (!isJsonObject(object) || !isJsonObject(metadata) || !isJsonObject(annotations)) return [object, undefined];
  const { [lastApplied]: applied, ...others } = annotations;
  if (applied === undefined) return [object, undefined];
  const { annotations: _annotations, ...rest } = metadata;
  const kept = Object.keys(others).length === 0 ? rest : { ...metadata, annotations: others };
  return [{ ...object, metadata: kept }, applied];
}

/** A terminal, as a command line; what a stream asks for otherwise (port-forward), as it is. */
function printConnect(options: JsonValue): string {
  if (!isJsonObject(options)) return lines(options, '  ', (text) => text);
  const { command, container, stdin, stdout, stderr, tty, ...others } = options;
  const { apiVersion: _apiVersion, kind: _kind, ...more } = others;
  const streams = Object.entries({ stdin, stdout, stderr, tty }).flatMap(([name, on]) => (on === true ? [name] : []));
  const fields: [string, string][] = [
    ...(Array.isArray(command) ? [['Command', `$ ${quoteShell(command.map(String))}`] as [string, string]] : []),
    ...(typeof container === 'string' ? [['Container', container] as [string, string]] : []),
    ['Streams', streams.join(', ') || 'none'],
  ];
  return [
    ...fields.map(([label, text]) => toPrintable(`  ${`${label}:`.padEnd(11)}${text}`)),
    ...(Object.keys(more).length === 0 ? [] : [lines(more, '  ', (text) => text)]),
  ].join('\n');
}

/** What an approver must know of it: whoever owns a field by apply, and then applies without it, removes it. */
function printOwnership({ manager, fields }: OwnershipGain, style: Style): string {
  const heading = `field manager "${manager}" comes to own, and would remove by an apply without them:`;
  return [
    style.warning(toPrintable(heading)),
    ...fields.map((field) => style.added(`+ ${toPrintable(field.replaceAll('f:', ''))}`)),
  ].join('\n');
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
