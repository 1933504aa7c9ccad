import { createHash } from 'node:crypto';
import { toRowLine, type AuditRow, type RecordingRow } from '@holdpoint/core';
import type { ClickHouse } from '@holdpoint/platform';

/** Where rows end up. Storing the same rows again stores nothing: the API server re-sends, and so do we after a crash. */
export interface AuditStore {
  storeEvents(rows: readonly AuditRow[]): Promise<void>;
  storeRecordings(rows: readonly RecordingRow[]): Promise<void>;
}

/** Each event's link is the hash of the one before and its own: a row that is changed or missing breaks the chain. */
interface ChainEnd {
  sequence: number;
  chain: string;
}

const noChain: ChainEnd = { sequence: 0, chain: '0'.repeat(64) };

/** @param store the only writer of these tables: the chain's end is kept here, and read anew after a failure */
export function createAuditStore(store: ClickHouse): AuditStore {
  let end: ChainEnd | undefined;
  return {
    async storeEvents(rows) {
      const fresh = await withoutStored(store, rows);
      if (fresh.length === 0) return;
      end ??= await readChainEnd(store);
      let { sequence, chain } = end;
      const lines = fresh.map((row) => {
        sequence += 1;
        chain = createHash('sha256').update(`${chain}${row.event_hash}`).digest('hex');
        return toRowLine({ sequence, chain, ...row });
      });
      end = undefined; // Unknown until the insert is through: it may have happened although it failed.
      await store.insert('audit_events', lines.join('\n'));
      end = { sequence, chain };
    },
    async storeRecordings(rows) {
      const ids = [...new Set(rows.map((row) => quote(row.recording_id)))];
      const seen = new Set<string>();
      for (let start = 0; start < ids.length; start += hashesAStatement) {
        const stored = await store.query<{ hash: string }>(
          `SELECT DISTINCT event_hash AS hash FROM recordings
           WHERE recording_id IN (${ids.slice(start, start + hashesAStatement).join(', ')})`,
        );
        for (const { hash } of stored) seen.add(hash);
      }
      const fresh = rows.filter((row) => isNew(seen, row.event_hash));
      if (fresh.length > 0) await store.insert('recordings', fresh.map(toRowLine).join('\n'));
    },
  };
}

/** A statement may be 256 KiB long (max_query_size), and a hash takes 68 characters of it. */
const hashesAStatement = 2_000;

/**
 * Leaves out what is stored already, and what comes twice among these. An event sent again has the same time, so only what
 * lies between the first and the last of these is looked at.
 */
async function withoutStored(store: ClickHouse, rows: readonly AuditRow[]): Promise<AuditRow[]> {
  const seen = new Set<string>();
  for (let start = 0; start < rows.length; start += hashesAStatement) {
    const some = rows.slice(start, start + hashesAStatement);
    const times = some.map((row) => row.event_time).sort();
    const hashes = some.map((row) => quote(row.event_hash)).join(', ');
    const at = (time: string | undefined): string => `toDateTime64(${quote(time ?? '')}, 6, 'UTC')`;
    const stored = await store.query<{ hash: string }>(
      `SELECT DISTINCT event_hash AS hash FROM audit_events
       WHERE event_time >= ${at(times[0])} AND event_time <= ${at(times.at(-1))} AND event_hash IN (${hashes})`,
    );
    for (const { hash } of stored) seen.add(hash);
  }
  return rows.filter((row) => isNew(seen, row.event_hash));
}

async function readChainEnd(store: ClickHouse): Promise<ChainEnd> {
  const [last] = await store.query<{ sequence: string; chain: string }>(
    'SELECT toString(sequence) AS sequence, chain FROM audit_events ORDER BY audit_events.sequence DESC LIMIT 1',
  );
  return last === undefined ? noChain : { sequence: Number(last.sequence), chain: last.chain };
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/** A ClickHouse string literal. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
