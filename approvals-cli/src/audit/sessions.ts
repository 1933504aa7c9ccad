import { printTable } from '../output/table.ts';
import type { SqlClient } from './sql-client.ts';

interface SessionRow {
  session: string;
  username: string;
  started: string;
  last_seen: string;
  requests: string;
  holds: string;
  approved: string;
  denied: string;
}

const mostSessions = 200;

/** The sessions on record, the newest first. */
export async function sessionsTable(sql: SqlClient): Promise<string> {
  const rows = await sql.rows<SessionRow>(
    `SELECT session, username, toString(toStartOfSecond(started_at)) AS started,
       toString(toStartOfSecond(sessions.last_seen)) AS last_seen,
       toString(requests) AS requests, toString(holds) AS holds, toString(approved) AS approved, toString(denied) AS denied
     FROM sessions ORDER BY started_at DESC LIMIT ${String(mostSessions)}`,
  );
  if (rows.length === 0) return 'No sessions are on record.';
  return printTable(
    ['SESSION', 'WHO', 'STARTED (UTC)', 'LAST SEEN', 'REQUESTS', 'HELD', 'APPROVED', 'REFUSED'],
    rows.map((row) => [
      row.session,
      row.username,
      seconds(row.started),
      seconds(row.last_seen),
      row.requests,
      row.holds,
      row.approved,
      row.denied,
    ]),
  );
}

function seconds(time: string): string {
  return time.slice(0, 19);
}
