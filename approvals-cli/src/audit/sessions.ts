import { HoldpointError } from '@holdpoint/core';
import { printCsv } from '../output/csv.ts';
import { printTable } from '../output/table.ts';
import { listParam, type SqlClient, type SqlParams } from './sql-client.ts';
import { parseMoment } from './time-range.ts';

export const sessionFormats = ['table', 'json', 'csv'] as const;

/** One request must fit all of it: `--decision deny --namespace prod` are sessions with a refusal in prod. */
export interface SessionFilter {
  subject?: string;
  /** A span such as `2h` before now, or an RFC 3339 time. */
  since?: string;
  until?: string;
  decision?: string;
  namespace?: string;
  /** `pods`, `deployments.apps`, `pods/exec`. */
  resource?: string;
  limit: number;
}

/** One session, as programs get it. Times in UTC, as the store writes them. */
export interface SessionSummary {
  session: string;
  username: string;
  on_behalf_of: string;
  started: string;
  last_seen: string;
  requests: number;
  writes: number;
  held: number;
  approved: number;
  refused: number;
  bypasses: number;
  terminals: number;
}

/** The sessions on record that fit, the newest first. Built from the tables alone. */
export async function findSessions(sql: SqlClient, filter: SessionFilter, nowMs: number): Promise<SessionSummary[]> {
  const { conditions, params } = conditionsOf(filter, nowMs);
  const found = await sql.rows<Omit<SessionSummary, 'terminals'>>(
    `SELECT session, username, any(on_behalf_of) AS on_behalf_of, toString(min(event_time)) AS started,
       toString(max(event_time)) AS last_seen,
       toUInt32(uniqExact(audit_id, verb, request_uri)) AS requests,
       toUInt32(uniqExactIf(audit_id, verb IN ('create', 'update', 'patch', 'delete', 'deletecollection') AND code < 400
         AND resource NOT LIKE 'self%')) AS writes,
       toUInt32(uniqExactIf(hold, hold != '')) AS held,
       toUInt32(uniqExactIf(audit_id, decision = 'approved')) AS approved,
       toUInt32(uniqExactIf(audit_id, decision = 'deny')) AS refused,
       toUInt32(uniqExactIf(audit_id, bypass != '')) AS bypasses
     FROM audit_events
     WHERE session IN (SELECT session FROM audit_events WHERE session != ''${conditions})
     GROUP BY session, username ORDER BY max(event_time) DESC, session, username LIMIT {limit:UInt32}`,
    { ...params, limit: String(filter.limit) },
  );
  const terminals = await sql.rows<{ session: string; terminals: number }>(
    `SELECT session, toUInt32(uniqExact(recording_id)) AS terminals FROM recordings
     WHERE session IN JSONExtract({sessions:String}, 'Array(String)') GROUP BY session`,
    { sessions: listParam(found.map(({ session }) => session)) },
  );
  const counts = new Map(terminals.map((row) => [row.session, row.terminals]));
  return found.map((row) => ({ ...row, terminals: counts.get(row.session) ?? 0 }));
}

function conditionsOf(filter: SessionFilter, nowMs: number): { conditions: string; params: SqlParams } {
  const { subject, since, until, decision, namespace, resource } = filter;
  const params: Record<string, string> = {};
  let conditions = '';
  const where = (condition: string, name: string, value: string): void => {
    conditions += ` AND ${condition}`;
    params[name] = value;
  };
  if (subject !== undefined) where('username = {subject:String}', 'subject', subject);
  if (since !== undefined) {
    where("event_time >= toDateTime64({since:String}, 6, 'UTC')", 'since', parseMoment('--since', since, nowMs));
  }
  if (until !== undefined) {
    where("event_time <= toDateTime64({until:String}, 6, 'UTC')", 'until', parseMoment('--until', until, nowMs));
  }
  if (decision !== undefined) where('decision = {decision:String}', 'decision', decision);
  if (namespace !== undefined) where('namespace = {namespace:String}', 'namespace', namespace);
  if (resource !== undefined) {
    const match = /^([^./]+)(?:\.([^/]+))?(?:\/(.+))?$/.exec(resource);
    if (match === null) {
      const message = `--resource ${resource}: expected a resource such as pods, deployments.apps or pods/exec`;
      throw new HoldpointError('ERR_CONFIG_INVALID', message);
    }
    const [, name = '', group, subresource] = match;
    where('resource = {resource:String}', 'resource', name);
    if (group !== undefined) where('api_group = {group:String}', 'group', group);
    if (subresource !== undefined) where('subresource = {subresource:String}', 'subresource', subresource);
  }
  return { conditions, params };
}

export function printSessions(sessions: readonly SessionSummary[], format: (typeof sessionFormats)[number]): string {
  switch (format) {
    case 'json':
      return JSON.stringify(sessions, undefined, 2);
    case 'csv':
      return printCsv([columns, ...sessions.map((row) => columns.map((column) => String(row[column])))]);
    case 'table':
      return printTable(
        [
          'SESSION',
          'WHO',
          'STARTED (UTC)',
          'LAST SEEN',
          'REQUESTS',
          'WRITES',
          'HELD',
          'APPROVED',
          'REFUSED',
          'TERMINALS',
        ],
        sessions.map((row) => [
          row.session,
          row.on_behalf_of === '' ? row.username : `${row.username} for ${row.on_behalf_of}`,
          row.started.slice(0, 19),
          row.last_seen.slice(0, 19),
          ...[row.requests, row.writes, row.held, row.approved, row.refused, row.terminals].map(String),
        ]),
      );
  }
}

const columns = [
  ...['session', 'username', 'on_behalf_of', 'started', 'last_seen', 'requests', 'writes', 'held', 'approved'],
  ...['refused', 'bypasses', 'terminals'],
] as (keyof SessionSummary)[];
