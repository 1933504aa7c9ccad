import { createHash } from 'node:crypto';
import { createStyle } from '../../output/style.ts';
import { printRecordedChange } from '../recorded-change-text.ts';
import { framesOf, type TerminalRecording } from '../recordings.ts';
import type { SqlClient } from '../sql-client.ts';
import { commandOf, cut, decisionsOf, foldedOf, requestOf, resultOf, verdictOf } from '../step-text.ts';
import { personOf } from '../timeline.ts';
import { tellSession, type ToldGroup } from '../told-session.ts';
import { embedJson, escapeHtml } from './escape.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { readPlayer } from './player.ts';

/**
 * A session as one page that needs nothing else: no server, no network, no other file.
 *
 * All of its content is written by an agent that may be hostile to whoever opens the page. Three things stand in its way, each
 * by itself enough: every text is escaped where it is written; the content is read without running anything (scripts only play
 * terminals); and the policy in the page's head names, by their hashes, the only scripts and styles that run, and forbids
 * every request.
 */
export async function* printSessionPage(session: string, sql: SqlClient): AsyncGenerator<string> {
  const player = readPlayer();
  const styles = [player.style, pageStyle];
  const scripts = [player.script, pageScript];
  let day = '';
  let who = '';
  let isFirst = true;
  for await (const told of tellSession(sql, session)) {
    // Not before something is known to be on record: a session that is not leaves no half page.
    if (isFirst) yield head(session, styles, scripts);
    isFirst = false;
    const at = told.type === 'Group' ? told.group.startedAt : told.terminal.startedAt;
    if (at.slice(0, 10) !== day) {
      day = at.slice(0, 10);
      yield `<p class="day">${escapeHtml(day)} (UTC)</p>\n`;
    }
    if (told.type === 'Terminal') {
      yield `<section><h2><time>${escapeHtml(at.slice(11, 19))}</time>a terminal whose call is not on record</h2>\n`;
      yield* terminal(session, told.terminal, sql);
      yield '</section>\n';
      continue;
    }
    const person = personOf(told.group);
    if (person !== who) yield `<p class="faint">as ${escapeHtml(person)}</p>\n`;
    who = person;
    yield* group(session, told.group, sql);
  }
  yield `<script>${player.script}</script>\n<script>${pageScript}</script>\n</body>\n</html>\n`;
}

function head(session: string, styles: readonly string[], scripts: readonly string[]): string {
  const policy = [
    "default-src 'none'",
    // The player's terminal is WebAssembly, compiled from bytes within its own script.
    `script-src ${scripts.map(hashOf).join(' ')} 'wasm-unsafe-eval'`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`Session ${session}`)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<h1>${escapeHtml(`Session ${session}`)}</h1>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

async function* group(session: string, told: ToldGroup, sql: SqlClient): AsyncGenerator<string> {
  yield `<section>\n<h2><time>${escapeHtml(told.startedAt.slice(11, 19))}</time>${escapeHtml(commandOf(told))}</h2>\n`;
  for (const step of told.steps) {
    yield `<div class="step${step.code >= 400 || step.code === 0 ? ' failed' : ''}">\n${stepText(step)}`;
    for (const each of step.terminals) yield* terminal(session, each, sql);
    yield '</div>\n';
  }
  const folded = foldedOf(told);
  if (folded !== '') yield `<p class="step faint">${escapeHtml(folded)}</p>\n`;
  yield '</section>\n';
}

const plain = createStyle(false);
/** A longer change is there, and opened by who wants it. */
const shortLines = 30;

function stepText(step: ToldGroup['steps'][number]): string {
  const paragraph = (kind: string, text: string): string =>
    text === '' ? '' : `<p class="${kind}">${escapeHtml(text)}</p>\n`;
  const spoken = step.decisions.length === 0 ? ['open'] : step.decisions.map(({ verdict }) => verdict);
  const failed = step.code >= 400 || step.code === 0;
  const change = step.change === undefined ? '' : printRecordedChange(step.change, plain);
  return [
    `<p><code>${escapeHtml(requestOf(step))}</code><span class="result">${escapeHtml(resultOf(step))}</span></p>\n`,
    paragraph('verdict', verdictOf(step)),
    ...decisionsOf(step).map((text, i) => paragraph(spoken[i] ?? 'open', text)),
    paragraph('faint', failed ? cut(step.message) : ''),
    ...step.alarms.map((alarm) => paragraph('alarm', alarm)),
    change === '' ? '' : `${failed ? '<p class="faint">it asked for:</p>\n' : ''}${changeText(change)}`,
  ].join('');
}

function changeText(change: string): string {
  const lines = change.split('\n');
  const shown = lines
    .map((line) => {
      const kind = line.startsWith('+') ? 'in' : line.startsWith('-') ? 'out' : line.startsWith('@@') ? 'hunk' : '';
      return kind === '' ? escapeHtml(line) : `<span class="${kind}">${escapeHtml(line)}</span>`;
    })
    .join('\n');
  const text = `<pre>${shown}</pre>\n`;
  if (lines.length <= shortLines) return text;
  return `<details><summary>${String(lines.length)} lines</summary>${text}</details>\n`;
}

/** Of one terminal, in characters: what a browser plays without trouble. */
const mostTerminalText = 8 * 1024 * 1024;

async function* terminal(session: string, recording: TerminalRecording, sql: SqlClient): AsyncGenerator<string> {
  const { id, namespace, pod, seconds, frameCount, width, height, endedAt, missing } = recording;
  const end = endedAt === null ? ', whose end is not on record' : '';
  const title = `terminal ${id} in ${namespace}/${pod}: ${seconds.toFixed(1)} s, ${String(frameCount)} frames${end}`;
  yield `<details class="terminal" open><summary>${escapeHtml(title)}</summary>\n`;
  if (missing > 0) yield `<p class="alarm">${String(missing)} batches of its frames are not on record</p>\n`;
  const header = { version: 2, width: width === 0 ? 80 : width, height: height === 0 ? 24 : height };
  yield `<div class="player"></div>\n<script type="application/json">[${embedJson(header)}`;
  let size = 0;
  for await (const [at, code, text] of framesOf(sql, session, id)) {
    // What was typed is echoed by the terminal itself, where it was meant to be seen.
    if (code !== 'o' && !(code === 'r' && /^\d{1,5}x\d{1,5}$/.test(text))) continue;
    size += text.length;
    if (size > mostTerminalText) break;
    yield `,\n${embedJson([at, code, text])}`;
  }
  yield ']</script>\n';
  if (size > mostTerminalText) yield '<p class="alarm">The rest of it is too long for a page.</p>\n';
  yield '</details>\n';
}
