import { framesOf, recordingsOf } from './recordings.ts';
import type { SqlClient } from './sql-client.ts';
import { terminalText } from './terminal-text.ts';
import { tellSession } from './told-session.ts';

/** The shape that docs/reference/cli.md describes. A field may be added to it; none changes its meaning. */
const version = 'holdpoint.dev/v1alpha1';
const mostTerminalLines = 200;

/** A session as one JSON document, bit by bit: `groups`, then `terminals`. */
export async function* printSessionJson(session: string, sql: SqlClient): AsyncGenerator<string> {
  let isFirst = true;
  const head = { apiVersion: version, kind: 'SessionReplay', session };
  for await (const told of tellSession(sql, session)) {
    if (told.type !== 'Group') continue; // All terminals follow below.
    const steps = told.group.steps.map(({ terminals, ...step }) => ({
      ...step,
      terminals: terminals.map(({ id }) => id),
    }));
    const opening = isFirst ? `${JSON.stringify(head).slice(0, -1)},"groups":[\n` : ',\n';
    isFirst = false;
    yield `${opening}${JSON.stringify({ ...told.group, steps })}`;
  }
  yield isFirst ? `${JSON.stringify(head).slice(0, -1)},"groups":[` : '\n';
  yield '],"terminals":[';
  for (const [i, terminal] of (await recordingsOf(sql, session)).entries()) {
    const text = await terminalText(framesOf(sql, session, terminal.id), mostTerminalLines);
    yield `${i === 0 ? '\n' : ',\n'}${JSON.stringify({ ...terminal, text })}`;
  }
  yield ']}\n';
}
