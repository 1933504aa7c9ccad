import type { Hold } from '@holdpoint/core';
import type { RunningCommand, Stack } from '@holdpoint/local';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shown } from './client.ts';
import { hold as exampleHold } from './shown.ts';

export type VerdictOf = (hold: Hold) => { verdict: 'approve' | 'deny'; reason?: string };

const pollMs = 250;

/** The holds about objects that have `name` in theirs: helm's record of a release has the release's name in its own. */
export async function holdsAbout(stack: Stack, name: string): Promise<Hold[]> {
  const { stdout } = await stack.kubectl('admin', ['get', 'holds', '-o', 'json']);
  const { items } = JSON.parse(stdout) as { items: Hold[] };
  return items.filter((each) => each.spec.request.name?.includes(name) === true);
}

/**
 * What an approver does while a command runs: decides one hold after the other, until the command has ended.
 *
 * @returns the names of the holds, in the order in which they were asked
 */
export async function decideWhile(
  running: Pick<RunningCommand, 'ended'>,
  stack: Stack,
  name: string,
  verdictOf: VerdictOf,
): Promise<string[]> {
  const decided: string[] = [];
  while (!running.ended()) {
    decided.push(...(await decidePending(stack, name, verdictOf)));
    await sleep(pollMs);
  }
  return decided;
}

/** Decides what is pending, and returns its names. @throws Error when the approvals CLI does not take a decision */
export async function decidePending(stack: Stack, name: string, verdictOf: VerdictOf): Promise<string[]> {
  const pending = (await holdsAbout(stack, name)).filter((each) => each.status?.phase === 'Pending');
  const names = pending.map((each) => each.metadata.name ?? '');
  for (const [i, each] of pending.entries()) {
    const { verdict, reason } = verdictOf(each);
    const args = [verdict, names[i] ?? '', ...(reason === undefined ? [] : ['--reason', reason])];
    const { code, stderr } = await stack.approvals('approver', args);
    if (code !== 0) throw new Error(`approvals ${args.join(' ')}: ${stderr}`);
  }
  return names;
}

/** With what differs from run to run as the table has it. */
export function asInTable(shown: Shown, name: string, nameInTable: string, holds: readonly string[]): Shown {
  const tidy = (text: string): string =>
    holds
      .reduce((left, each) => left.replaceAll(each, exampleHold), text.replaceAll(name, nameInTable))
      .replace(/held \d+s/g, 'held 42s')
      .replace(/^I\d{4} [\d:.]+ +\d+ warnings\.go:\d+\]/gm, 'I1125 09:30:42.000000    4711 warnings.go:107]')
      .replace(/^LAST DEPLOYED: .*$/m, 'LAST DEPLOYED: Wed Nov 25 09:30:00 2026');
  return { code: shown.code, stdout: tidy(shown.stdout), stderr: tidy(shown.stderr) };
}
