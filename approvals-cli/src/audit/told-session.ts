import { HoldpointError, createReplay, tellStep, type ReplayGroup, type ToldStep } from '@holdpoint/core';
import { recordingsOf, type TerminalRecording } from './recordings.ts';
import { arrivalsOf, callsOf, holdStories, lastStored, placeOf, type Arrivals } from './session-record.ts';
import type { SqlClient } from './sql-client.ts';

/** A command of a session with what people said to it, and the terminals that it opened. */
export interface ToldGroup extends Omit<ReplayGroup, 'steps'> {
  steps: (ToldStep & { terminals: TerminalRecording[] })[];
}

/** What is told of a session, in its order. A terminal stands by itself where no call on record opened it. */
export type Told = { type: 'Group'; group: ToldGroup } | { type: 'Terminal'; terminal: TerminalRecording };

/**
 * Tells a session from its beginning to what is stored by now, in bounded memory.
 *
 * @throws HoldpointError ERR_QUERY_REFUSED when nothing of it is on record
 */
export async function* tellSession(sql: SqlClient, session: string): AsyncGenerator<Told> {
  const terminals = await recordingsOf(sql, session);
  const replay = createReplay();
  let isKnown = terminals.length > 0;
  const tell = async function* (groups: ReplayGroup[]): AsyncGenerator<Told> {
    for (const group of await withStories(sql, groups, terminals)) yield { type: 'Group', group };
  };
  for await (const calls of callsOf(sql, session)) {
    isKnown = true;
    yield* tell(calls.flatMap((call) => replay.add(call)));
  }
  yield* tell(replay.flush());
  if (!isKnown) {
    throw new HoldpointError('ERR_QUERY_REFUSED', `session "${session}" is not on record. See "approvals sessions".`);
  }
  for (const terminal of terminals) yield { type: 'Terminal', terminal };
}

export interface FollowParts {
  sql: SqlClient;
  /** Resolves early, and stays so, once the watching is to end. */
  wait: () => Promise<void>;
  signal: AbortSignal;
}

/** As tellSession, and then what comes, until `signal`. A session that is not on record yet is waited for. */
export async function* followSession(session: string, parts: FollowParts): AsyncGenerator<Told> {
  const { sql, wait, signal } = parts;
  const replay = createReplay();
  const toldTerminals = new Set<string>();
  // From before the past is read: what is stored meanwhile comes twice, and is told once.
  const arrivals: Arrivals = { since: await lastStored(sql, session), seen: new Set() };
  const tell = async function* (groups: ReplayGroup[]): AsyncGenerator<Told> {
    const terminals = (await recordingsOf(sql, session)).filter(({ id }) => !toldTerminals.has(id));
    const rest = [...terminals];
    for (const group of await withStories(sql, groups, rest)) yield { type: 'Group', group };
    for (const { id } of terminals) if (!rest.some((terminal) => terminal.id === id)) toldTerminals.add(id);
    // One whose end is on record, and whose call is not by now: its event is lost, or was never sent.
    for (const terminal of rest.filter(({ endedAt }) => endedAt !== null && endedAt < arrivals.since)) {
      toldTerminals.add(terminal.id);
      yield { type: 'Terminal', terminal };
    }
  };
  for await (const calls of callsOf(sql, session)) {
    for (const call of calls) arrivals.seen.add(placeOf(call));
    yield* tell(calls.flatMap((call) => replay.add(call)));
  }
  yield* tell(replay.flush());
  while (!signal.aborted) {
    await wait();
    if (signal.aborted) return;
    for await (const calls of arrivalsOf(sql, session, arrivals)) {
      yield* tell([...calls.flatMap((call) => replay.add(call)), ...replay.flush()]);
    }
  }
}

/** Takes the terminals that it finds a place for out of `terminals`. */
async function withStories(
  sql: SqlClient,
  groups: readonly ReplayGroup[],
  terminals: TerminalRecording[],
): Promise<ToldGroup[]> {
  const holds = groups.flatMap(({ steps }) => steps.flatMap(({ hold }) => (hold === '' ? [] : [hold])));
  const stories = holds.length === 0 ? undefined : await holdStories(sql, [...new Set(holds)]);
  return groups.map((group) => ({
    ...group,
    steps: group.steps.map((step) => {
      const opened = terminals.filter(({ auditId }) => auditId !== '' && step.auditIds.includes(auditId));
      for (const terminal of opened) terminals.splice(terminals.indexOf(terminal), 1);
      return { ...tellStep(step, step.hold === '' ? undefined : stories?.get(step.hold)), terminals: opened };
    }),
  }));
}
