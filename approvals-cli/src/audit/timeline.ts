import { foldLines } from '../output/fold.ts';
import type { Style } from '../output/style.ts';
import { toPrintable } from '../output/table.ts';
import { printRecordedChange } from './recorded-change-text.ts';
import type { TerminalRecording } from './recordings.ts';
import { commandOf, cut, decisionsOf, foldedOf, requestOf, resultOf, verdictOf } from './step-text.ts';
import type { TerminalText } from './terminal-text.ts';
import type { Told, ToldGroup } from './told-session.ts';

export interface TimelineOptions {
  style: Style;
  /** Of the terminal; undefined where output is piped. */
  columns: number | undefined;
  /** Lines of a change, and of a terminal, that are shown. */
  mostLines: number;
  session: string;
  textOf: (terminal: TerminalRecording) => Promise<TerminalText>;
}

export interface Timeline {
  print(told: Told): Promise<string>;
}

/** Where a command's own lines begin, behind its time. */
const indent = '          ';

/** A session as lines that a person reads from top to bottom. */
export function createTimeline(options: TimelineOptions): Timeline {
  const { style, columns } = options;
  let day = '';
  let who = '';
  return {
    async print(told) {
      const at = told.type === 'Group' ? told.group.startedAt : told.terminal.startedAt;
      const lines: string[] = [];
      if (at.slice(0, 10) !== day) {
        day = at.slice(0, 10);
        lines.push(style.heading(`── ${day} (UTC) ──`), '');
      }
      if (told.type === 'Group') {
        const person = personOf(told.group);
        if (person !== who) {
          who = person;
          lines.push(toPrintable(`as ${who}`), '');
        }
        lines.push(...(await groupLines(told.group, options)));
      } else {
        lines.push(`${at.slice(11, 19)}  ${style.warning('a terminal whose call is not on record')}`);
        lines.push(...(await terminalLines(told.terminal, options)));
      }
      return `${foldLines(lines.join('\n'), columns)}\n\n`;
    },
  };
}

export function personOf({ username, onBehalfOf }: Pick<ToldGroup, 'username' | 'onBehalfOf'>): string {
  return onBehalfOf === '' ? username : `${username}, on behalf of ${onBehalfOf}`;
}

async function groupLines(group: ToldGroup, options: TimelineOptions): Promise<string[]> {
  const { style, mostLines } = options;
  const lines = [`${group.startedAt.slice(11, 19)}  ${style.heading(commandOf(group))}`];
  for (const step of group.steps) {
    const failed = step.code >= 400 || step.code === 0;
    const result = failed ? style.warning(toPrintable(resultOf(step))) : toPrintable(resultOf(step));
    lines.push(`${indent}${toPrintable(requestOf(step))}  → ${result}`);
    const inner = `${indent}  `;
    const verdict = verdictOf(step);
    if (verdict !== '') lines.push(`${inner}${toPrintable(verdict)}`);
    for (const decision of decisionsOf(step)) lines.push(`${inner}${style.heading(toPrintable(decision))}`);
    if (failed && step.message !== '') lines.push(`${inner}${style.faint(toPrintable(cut(step.message)))}`);
    for (const alarm of step.alarms) lines.push(`${inner}${style.warning(toPrintable(`! ${alarm}`))}`);
    const change = step.change === undefined ? '' : printRecordedChange(step.change, style);
    if (change !== '') {
      if (failed) lines.push(`${inner}${style.faint('it asked for:')}`);
      lines.push(...shortened(change.split('\n'), mostLines, style).map((line) => `${inner}${line}`));
    }
    for (const terminal of step.terminals) lines.push(...(await terminalLines(terminal, options)));
  }
  const folded = foldedOf(group);
  if (folded !== '') lines.push(`${indent}${style.faint(folded)}`);
  return lines;
}

async function terminalLines(terminal: TerminalRecording, options: TimelineOptions): Promise<string[]> {
  const { style, session, mostLines } = options;
  const { id, namespace, pod, frameCount, seconds, endedAt, missing } = terminal;
  const end = endedAt === null ? ', whose end is not on record' : '';
  const inner = `${indent}  `;
  const { lines, cut } = await options.textOf(terminal);
  const shown = shortened(lines.map(toPrintable), mostLines, style);
  return [
    `${inner}${toPrintable(`terminal ${id} in ${namespace}/${pod}: ${seconds.toFixed(1)} s, ${String(frameCount)} frames${end}`)}`,
    ...(missing === 0
      ? []
      : [`${inner}${style.warning(`! ${String(missing)} batches of its frames are not on record`)}`]),
    ...shown.map((line) => `${inner}│ ${line}`),
    ...(cut && lines.length <= mostLines ? [`${inner}│ ${style.faint('…')}`] : []),
    `${inner}${style.faint(toPrintable(`to play it: approvals replay ${session} --recording ${id}`))}`,
  ];
}

function shortened(lines: string[], most: number, style: Style): string[] {
  if (lines.length <= most) return lines;
  const rest = lines.length - most;
  return [...lines.slice(0, most), style.faint(`… ${String(rest)} more lines; --full shows all`)];
}
