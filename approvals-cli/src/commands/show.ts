import { phaseAt, type Hold, type Subject } from '@holdpoint/core';
import { formatSpan } from '../output/age.ts';
import { printChange } from '../output/change.ts';
import { printObject, type Format } from '../output/format.ts';
import { printRequest } from '../output/request.ts';
import { toPrintable } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { getHold } from './get-hold.ts';

/** All that an approver needs: who, why, and the exact change. */
export async function show(context: CommandContext, name: string, format: Format): Promise<void> {
  const hold = await getHold(context.kube(), name);
  const forPrograms = printObject(hold, format, 'hold.holdpoint.dev');
  context.print(forPrograms ?? describe(hold, context));
}

function describe(hold: Hold, { style, now }: CommandContext): string {
  const { subject, request, policy, rule, message, approvers, minApprovals, expiresAt } = hold.spec;
  const nowMs = now();
  const phase = phaseAt(hold, nowMs);
  const fields: [string, string | undefined][] = [
    ['Hold', hold.metadata.name],
    ['Phase', phase],
    ['Who', `${subject.username} (${subject.groups.join(', ')})`],
    ['On behalf of', subject.onBehalfOf],
    ['Session', subject.session],
    ['Says it runs', subject.command],
    ['Request', printRequest(request)],
    ['Why held', `rule "${rule}" of policy "${policy}"${message === undefined ? '' : `: ${message}`}`],
    ['Approvers', `${approvers.map(printSubject).join(', ')}; ${String(minApprovals)} needed`],
    ['Expires', phase === 'Pending' ? `in ${formatSpan(Date.parse(expiresAt) - nowMs)}` : undefined],
    ['Digest', hold.spec.digest],
  ];
  const head = fields
    .filter((field): field is [string, string] => field[1] !== undefined)
    .map(([label, text]) => `${style.heading(`${label}:`.padEnd(14))}${toPrintable(text)}`);
  const decisions = (hold.status?.decisions ?? []).map((each) =>
    toPrintable(`  ${each.at}  ${each.verdict} by ${each.by}${each.reason === undefined ? '' : `: ${each.reason}`}`),
  );
  return [
    ...head,
    ...(decisions.length === 0 ? [] : [style.heading('Decisions:'), ...decisions]),
    style.heading('Change:'),
    printChange(hold.spec.change, style),
  ].join('\n');
}

function printSubject(subject: Subject): string {
  return `${subject.kind} ${subject.namespace === undefined ? '' : `${subject.namespace}/`}${subject.name}`;
}
