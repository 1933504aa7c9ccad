import { phaseAt } from '@holdpoint/core';
import { printObjects, type Format } from '../output/format.ts';
import { printTable } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { holdHeaders, holdRow, listHolds, newestHolds, wideHoldHeaders } from './hold-list.ts';

export interface ListOptions {
  /** Finished holds too, newest first. */
  all: boolean;
  /** With `all`: how many. */
  limit: number;
  subject?: string;
  policy?: string;
  format: Format;
  headers: boolean;
}

/** The inbox: what waits for a person, oldest first; the API server is asked for nothing else. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const nowMs = context.now();
  const { all, limit, format, headers, subject, policy } = options;
  const filter = { ...(subject === undefined ? {} : { subject }), ...(policy === undefined ? {} : { policy }) };
  const { holds, total } = all
    ? await newestHolds(context.raw(), filter, { limit })
    : await pendingHolds(context, filter, nowMs);
  const forPrograms = printObjects(holds, format, 'hold.holdpoint.dev');
  if (forPrograms !== undefined) {
    if (forPrograms !== '') context.print(forPrograms);
  } else if (holds.length === 0) {
    context.warn(all ? 'No holds found.' : 'No holds are pending.');
  } else {
    const wide = format === 'wide';
    const columns = wide ? [...holdHeaders, ...wideHoldHeaders] : holdHeaders;
    context.print(
      printTable(
        columns,
        holds.map((hold) => holdRow(hold, nowMs, wide)),
        { headers },
      ),
    );
  }
  warnOfRest(context, holds.length, total);
}

/** Says that there is more than is printed. */
export function warnOfRest(context: CommandContext, printed: number, total: number): void {
  if (printed < total) {
    context.warn(`The newest ${String(printed)} of ${String(total)} holds; --limit shows more.`);
  }
}

async function pendingHolds(context: CommandContext, filter: { subject?: string; policy?: string }, nowMs: number) {
  const holds = (await listHolds(context.raw(), { ...filter, phase: '=Pending' }))
    // Its time may be over, though nobody has written that down yet.
    .filter((hold) => phaseAt(hold, nowMs) === 'Pending')
    .sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  return { holds, total: holds.length };
}
