import {
  isTooDeep,
  replayColumns,
  type Change,
  type HoldDecision,
  type HoldStory,
  type JsonObject,
  type RecordedCall,
} from '@holdpoint/core';
import { listParam, type SqlClient } from './sql-client.ts';

/** A page's bodies are what memory is asked for: 500 of 64 KiB are 32 MiB. */
const pageSize = 500;
/** Holds carry whole objects. */
const holdsAtOnce = 20;

const columns = `${replayColumns.join(', ')}, event_time, stage_time, toString(sequence) AS place`;
/** What is final of a request; and a stub, whatever it is of. */
const told = "(stage IN ('ResponseComplete', 'Panic') OR broken != '')";

/** The calls of a session in the order of time, a page at a time. */
export async function* callsOf(sql: SqlClient, session: string): AsyncGenerator<RecordedCall[]> {
  let from: Pick<RecordedCall, 'event_time' | 'sink' | 'place'> = {
    event_time: '1970-01-01 00:00:00',
    sink: '',
    place: '0',
  };
  for (;;) {
    const page = await sql.rows<RecordedCall>(
      `SELECT ${columns} FROM audit_events
       WHERE session = {session:String} AND ${told} AND event_time >= toDateTime64({after:String}, 6, 'UTC')
         AND (event_time, sink, sequence) > (toDateTime64({after:String}, 6, 'UTC'), {sink:String}, {place:UInt64})
       ORDER BY event_time, sink, sequence LIMIT {limit:UInt32}`,
      { session, after: from.event_time, sink: from.sink, place: from.place, limit: String(pageSize) },
    );
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    from = last;
  }
}

/** Where a watcher of a session stands: what was stored since, and what of it was seen. */
export interface Arrivals {
  since: string;
  seen: Set<string>;
}

export function placeOf({ sink, place }: Pick<RecordedCall, 'sink' | 'place'>): string {
  return `${sink} ${place}`;
}

/** The time, by the sinks' clocks, of what was stored last of a session. */
export async function lastStored(sql: SqlClient, session: string): Promise<string> {
  const [row] = await sql.rows<{ stored: string }>(
    'SELECT toString(max(stored_at)) AS stored FROM audit_events WHERE session = {session:String}',
    { session },
  );
  return row?.stored ?? '1970-01-01 00:00:00.000';
}

/**
 * What has been stored of a session since, and was not seen: an event is told when its request is over, so that what is
 * new may be older than what is known. Moves `arrivals` on.
 */
export async function* arrivalsOf(sql: SqlClient, session: string, arrivals: Arrivals): AsyncGenerator<RecordedCall[]> {
  const { since } = arrivals;
  const within = new Set<string>();
  for (let offset = 0; ; offset += pageSize) {
    // Several sinks store beside each other, each by its own clock: a minute back covers them, and what is seen is left out.
    const page = await sql.rows<RecordedCall & { stored: string }>(
      `SELECT ${columns}, toString(stored_at) AS stored FROM audit_events
       WHERE session = {session:String} AND ${told}
         AND stored_at > toDateTime64({since:String}, 3, 'UTC') - INTERVAL 60 SECOND
       ORDER BY stored_at, sink, sequence LIMIT {limit:UInt32} OFFSET {offset:UInt32}`,
      { session, since, limit: String(pageSize), offset: String(offset) },
    );
    const news = page.filter((row) => !arrivals.seen.has(placeOf(row)));
    for (const row of page) within.add(placeOf(row));
    for (const { stored } of page) if (stored > arrivals.since) arrivals.since = stored;
    if (news.length > 0) yield news.sort((a, b) => (a.event_time < b.event_time ? -1 : 1));
    if (page.length < pageSize) break;
  }
  arrivals.seen = within;
}

/** What became of holds, by their names: from the events of whoever created and decided them. */
export async function holdStories(sql: SqlClient, names: readonly string[]): Promise<Map<string, HoldStory>> {
  const stories = new Map<string, HoldStory>();
  for (let i = 0; i < names.length; i += holdsAtOnce) {
    const rows = await sql.rows<{
      hold: string;
      at: string;
      approver: string;
      verdict: string;
      reason: string;
      body: string;
    }>(
      `SELECT name AS hold, toString(event_time) AS at, username AS approver,
         annotations['decide.holdpoint.dev/decision'] AS verdict, annotations['decide.holdpoint.dev/reason'] AS reason,
         if(verb = 'create', response_body, '') AS body
       FROM audit_events
       WHERE api_group = 'holdpoint.dev' AND resource = 'holds' AND subresource = '' AND name IN JSONExtract({holds:String}, 'Array(String)')
         AND code < 300 AND stage = 'ResponseComplete'
         AND (verb = 'create' OR annotations['decide.holdpoint.dev/decision'] IN ('approve', 'deny'))
       ORDER BY event_time, sequence`,
      { holds: listParam(names.slice(i, i + holdsAtOnce)) },
    );
    for (const { hold, at, approver, verdict, reason, body } of rows) {
      const story = stories.get(hold) ?? { hold, change: undefined, before: undefined, decisions: [] };
      stories.set(hold, story);
      if (body !== '') Object.assign(story, shownIn(body));
      else if (verdict === 'approve' || verdict === 'deny') {
        const decision: HoldDecision = { by: approver, verdict, reason, at };
        story.decisions.push(decision);
      }
    }
  }
  return stories;
}

/** The change that the approvers were shown. Written by our own webhook; a stub has none. */
function shownIn(body: string): Pick<HoldStory, 'change' | 'before'> {
  if (isTooDeep(body)) return { change: undefined, before: undefined };
  try {
    const { spec } = JSON.parse(body) as { spec?: { change?: Change; before?: JsonObject } };
    return { change: spec?.change, before: spec?.before };
  } catch {
    return { change: undefined, before: undefined };
  }
}
