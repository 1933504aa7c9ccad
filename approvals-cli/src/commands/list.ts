import { phaseAt, type Hold } from '@holdpoint/core';
import { kinds } from '@holdpoint/platform';
import { formatSpan } from '../output/age.ts';
import { printObjects, type Format } from '../output/format.ts';
import { printRequest } from '../output/request.ts';
import { printTable } from '../output/table.ts';
import type { CommandContext } from './context.ts';

export interface ListOptions {
  /** Finished holds too. */
  all: boolean;
  format: Format;
}

/** The inbox: what waits for a person, oldest first. */
export async function list(context: CommandContext, { all, format }: ListOptions): Promise<void> {
  const nowMs = context.now();
  const holds = (await context.kube().list<Hold>(kinds.holds))
    .filter((hold) => all || phaseAt(hold, nowMs) === 'Pending')
    .sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  const forPrograms = printObjects(holds, format, 'hold.holdpoint.dev');
  if (forPrograms !== undefined) {
    context.print(forPrograms);
  } else if (holds.length === 0) {
    context.print(all ? 'No holds found.' : 'No holds are pending.');
  } else {
    const wide = format === 'wide';
    context.print(
      printTable(
        [
          'NAME',
          'PHASE',
          'SUBJECT',
          'REQUEST',
          'RULE',
          'EXPIRES IN',
          'AGE',
          ...(wide ? ['SESSION', 'DECIDED BY'] : []),
        ],
        holds.map((hold) => rowOf(hold, nowMs, wide)),
      ),
    );
  }
}

function rowOf(hold: Hold, nowMs: number, wide: boolean): string[] {
  const phase = phaseAt(hold, nowMs);
  const { subject, request, policy, rule, expiresAt } = hold.spec;
  return [
    hold.metadata.name ?? '',
    phase,
    subject.username,
    printRequest(request),
    `${policy}/${rule}`,
    phase === 'Pending' ? formatSpan(Date.parse(expiresAt) - nowMs) : '-',
    formatSpan(nowMs - Date.parse(hold.metadata.creationTimestamp ?? '')),
    ...(wide ? [subject.session ?? '-', hold.status?.decisions.map((each) => each.by).join(',') ?? '-'] : []),
  ];
}
