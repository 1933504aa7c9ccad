import { HoldpointError, parseDurationSeconds, phaseAt, type Hold } from '@holdpoint/core';
import { formatSpan } from '../output/age.ts';
import { printObjects, type Format } from '../output/format.ts';
import { printRequest } from '../output/request.ts';
import { printTable } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { newestHolds } from './hold-list.ts';
import { warnOfRest } from './list.ts';

export const decidedPhases = ['Approved', 'Used', 'Denied', 'Expired', 'Lapsed'] as const;

export interface HistoryOptions {
  subject?: string;
  policy?: string;
  phase?: string;
  /** `90s`, `15m`, `24h`, `7d`: asked within that time. */
  since?: string;
  limit: number;
  format: Format;
  headers: boolean;
}

/** What became of what was asked, newest first: by whom, why, and after how long. Of the holds that the cluster still has. */
export async function history(context: CommandContext, options: HistoryOptions): Promise<void> {
  const nowMs = context.now();
  const { subject, policy, phase, since, limit, format, headers } = options;
  const filter = {
    ...(subject === undefined ? {} : { subject }),
    ...(policy === undefined ? {} : { policy }),
    phase: phase === undefined ? '!=Pending' : `=${phase}`,
  };
  const window = { limit, ...(since === undefined ? {} : { sinceMs: nowMs - spanMs(since) }) };
  const { holds, total } = await newestHolds(context.raw(), filter, window);
  const forPrograms = printObjects(holds, format, 'hold.holdpoint.dev');
  if (forPrograms !== undefined) {
    if (forPrograms !== '') context.print(forPrograms);
  } else if (holds.length > 0) {
    const wide = format === 'wide';
    context.print(
      printTable(
        [
          ...['NAME', 'PHASE', 'SUBJECT', 'REQUEST', 'DECIDED BY', 'WAITED', 'AGE', 'REASON'],
          ...(wide ? ['RULE', 'SESSION'] : []),
        ],
        holds.map((hold) => rowOf(hold, nowMs, wide)),
        { headers },
      ),
    );
  } else {
    context.warn('No decided holds found in the cluster. Older ones are in the audit store: see "approvals sessions".');
  }
  warnOfRest(context, holds.length, total);
}

function rowOf(hold: Hold, nowMs: number, wide: boolean): string[] {
  const { subject, request, policy, rule } = hold.spec;
  const decisions = hold.status?.decisions ?? [];
  const createdMs = Date.parse(hold.metadata.creationTimestamp ?? '');
  const last = decisions.at(-1);
  const reasons = decisions.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return [
    hold.metadata.name ?? '',
    phaseAt(hold, nowMs),
    subject.username,
    printRequest(request),
    decisions.map(({ by }) => by).join(',') || '-',
    last === undefined ? '-' : formatSpan(Date.parse(last.at) - createdMs),
    formatSpan(nowMs - createdMs),
    reasons.join('; ') || '-',
    ...(wide ? [`${policy}/${rule}`, subject.session ?? '-'] : []),
  ];
}

function spanMs(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const seconds = days === undefined ? parseDurationSeconds(text) : Number(days) * 86_400;
  if (seconds === undefined) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--since ${text}: expected a span such as 90s, 15m, 24h or 7d`);
  }
  return seconds * 1_000;
}
