import {
  askNameOf,
  asksOf,
  missingApprovals,
  grantSpecOf,
  isJsonObject,
  messageOf,
  phaseAt,
  type Hold,
  type Subject,
} from '@holdpoint/core';
import { formatSpan } from '../output/age.ts';
import { hasMaskedValue, printChange } from '../output/change.ts';
import { foldLines } from '../output/fold.ts';
import { printObject, type Format } from '../output/format.ts';
import { printRequest } from '../output/request.ts';
import { toPrintable } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { dependentsOf } from './dependents.ts';
import { getHold } from './get-hold.ts';

export interface ShowOptions {
  format: Format;
  /** Unchanged lines around a change; Infinity: all. */
  contextLines: number;
}

/** All that an approver needs: who, why, the exact change, and what goes with it. */
export async function show(context: CommandContext, name: string, options: ShowOptions): Promise<void> {
  const hold = await getHold(context.kube(), name);
  const forPrograms = printObject(hold, options.format, 'hold.holdpoint.dev');
  if (forPrograms !== undefined) {
    context.print(forPrograms);
    return;
  }
  const lines = [...describe(hold, context, options.contextLines), ...(await describeDelete(hold, context))];
  context.print(foldLines(lines.join('\n'), context.columns));
}

function describe(hold: Hold, { style, now }: CommandContext, contextLines: number): string[] {
  const { subject, request, policy, rule, message, expiresAt, elevate } = hold.spec;
  const nowMs = now();
  const phase = phaseAt(hold, nowMs);
  const asks = asksOf(hold.spec).map((ask): [string, string] => {
    const missing =
      phase === 'Pending' ? `, ${String(missingApprovals(ask, hold.status?.decisions ?? []))} missing` : '';
    const whose = hold.spec.alsoAsks === undefined ? '' : ` (${askNameOf(ask)})`;
    return [
      'Approvers',
      `${ask.approvers.map(printSubject).join(', ')}; ${String(ask.minApprovals)} needed${missing}${whose}`,
    ];
  });
  const fields: [string, string | undefined][] = [
    ['Hold', hold.metadata.name],
    ['Phase', phase],
    ['Who', `${subject.username} (${subject.groups.join(', ')})`],
    ['On behalf of', subject.onBehalfOf],
    ['Session', subject.session],
    ['Says it runs', subject.command],
    ['Request', printRequest(request)],
    ['Elevates to', elevate === undefined ? undefined : `${elevate.groups.join(', ')}, for this one request`],
    ['Why held', `rule "${rule}" of policy "${policy}"${message === undefined ? '' : `: ${message}`}`],
    ...asks,
    ['Expires', phase === 'Pending' ? `in ${formatSpan(Date.parse(expiresAt) - nowMs)}` : undefined],
    ['Asks for', grantInWords(hold)],
    ['Digest', hold.spec.digest],
  ];
  const head = fields
    .filter((field): field is [string, string] => field[1] !== undefined)
    .map(([label, text]) => `${style.heading(`${label}:`.padEnd(14))}${toPrintable(text)}`);
  const decisions = (hold.status?.decisions ?? []).map((each) =>
    toPrintable(`  ${each.at}  ${each.verdict} by ${each.by}${each.reason === undefined ? '' : `: ${each.reason}`}`),
  );
  const masked =
    'Warning: this holds masked values (holdpoint-mask:…). You approve that they change, and do not see to what.';
  return [
    ...head,
    ...(decisions.length === 0 ? [] : [style.heading('Decisions:'), ...decisions]),
    ...(hasMaskedValue(hold.spec) ? [style.warning(masked)] : []),
    style.heading('Change:'),
    printChange(hold.spec, style, { context: contextLines }),
  ];
}

function grantInWords({ spec }: Hold): string | undefined {
  const { request, change } = spec;
  if (request.resource.group !== 'holdpoint.dev' || request.resource.resource !== 'grants') return undefined;
  const grant =
    change.type === 'Create' && isJsonObject(change.object) ? grantSpecOf(change.object['spec']) : undefined;
  if (grant === undefined) return undefined;
  const { subject, scope, duration, maxUses } = grant;
  const what = (scope.resourceRules ?? []).map(
    ({ operations, resources, apiGroups }) =>
      `${operations.join('|')} ${resources.join('|')} (API groups ${apiGroups.map((group) => group || 'core').join('|')})`,
  );
  return [
    `${subject.username}${subject.session === undefined ? ', in any session,' : ` in session ${subject.session}`}`,
    `may do ${what.length === 0 ? 'everything' : what.join(' or ')} that rule "${scope.rule}" of policy "${scope.policy}" holds`,
    scope.namespaces === undefined ? 'in every namespace' : `in ${scope.namespaces.join(', ')}`,
    `without asking, for ${duration}, ${maxUses === undefined ? 'as often as it likes' : `at most ${String(maxUses)} times`}`,
  ].join(' ');
}

const propagations: Readonly<Record<string, string>> = {
  Orphan: 'dependents stay behind (Orphan)',
  Foreground: 'dependents go first (Foreground)',
  Background: 'dependents go after it (Background)',
};

async function describeDelete(hold: Hold, { raw, style }: CommandContext): Promise<string[]> {
  const { change } = hold.spec;
  if (change.type !== 'Delete') return [];
  const { propagationPolicy, gracePeriodSeconds } = change.options ?? {};
  const words = [
    propagations[propagationPolicy ?? ''] ?? 'dependents go by the kind’s own default',
    gracePeriodSeconds === undefined
      ? 'with its own grace period'
      : gracePeriodSeconds === 0
        ? 'by force, without waiting (grace period 0)'
        : `with a grace period of ${String(gracePeriodSeconds)}s`,
  ];
  const head = `${style.heading('Deletion:'.padEnd(14))}${words.join('; ')}`;
  if (propagationPolicy === 'Orphan') return [head];
  let found;
  try {
    found = await dependentsOf(raw(), hold);
  } catch (error) {
    // The hold itself is readable: it is shown, and what is missing is said.
    return [head, style.warning(toPrintable(`Warning: what goes with it could not be looked up: ${messageOf(error)}`))];
  }
  const { gone, unseen } = found;
  return [
    head,
    style.heading('Goes with it:'),
    ...(gone.length === 0
      ? ['  nothing that you can see']
      : gone.map((each) => style.removed(`  ${toPrintable(each)}`))),
    ...(unseen.length === 0
      ? []
      : [
          style.warning(
            toPrintable(`Warning: you may not look up: ${unseen.join(', ')}. What of these goes too is not known.`),
          ),
        ]),
  ];
}

function printSubject(subject: Subject): string {
  return `${subject.kind} ${subject.namespace === undefined ? '' : `${subject.namespace}/`}${subject.name}`;
}
