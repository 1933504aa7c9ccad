import { checkpointText, chainStart, linkOf, type ChainedTable, type Checkpoint } from './chain.ts';
import type { ChainedRow } from './chained-rows.ts';
import type { Sha256 } from './to-row.ts';

/** What is wrong with a chain, and where. */
export type ChainFinding =
  /** The row's link is not what its columns and the link before it give: one of them was changed. */
  | { type: 'Changed'; sequence: number }
  /** Rows are missing, from `sequence` up to and with `upTo`, and no retention explains it. */
  | { type: 'Removed'; sequence: number; upTo: number }
  /** A second row at a place that is taken: inserted, or stored twice. */
  | { type: 'Doubled'; sequence: number }
  /** Rows up to a checkpoint at `upTo` were there once; the last that is there now is the one before `sequence`. */
  | { type: 'CutOff'; sequence: number; upTo: number }
  /** The chain does not go through this checkpoint: everything before it was written anew. */
  | { type: 'CheckpointMissed'; sequence: number }
  /** The checkpoint was not signed with the key, or was changed since. It is not believed. */
  | { type: 'BadSignature'; sequence: number };

/** What a verifier has seen. */
export interface ChainReport {
  table: ChainedTable;
  sink: string;
  /** Rows that were looked at. */
  rows: number;
  /** The first and the last place that is there; 0 when there is no row. */
  first: number;
  last: number;
  /** The chain's end: to be compared with what was noted elsewhere. */
  chain: string;
  /** Rows that retention took away. */
  expired: number;
  /** Checkpoints that the chain goes through, and those of them whose signature was checked. */
  checkpoints: number;
  signed: number;
  /** How many things are wrong. 0: the record is as it was written. */
  findingCount: number;
  /** The first of them, at most `maxFindings`. */
  findings: readonly ChainFinding[];
}

export interface ChainVerifierOptions {
  table: ChainedTable;
  sink: string;
  /** Those of this table and sink, in any order. */
  checkpoints: readonly Checkpoint[];
  /** Now, as the store writes times. Rows cannot have been removed by a retention that is not over yet. */
  now: string;
  sha256: Sha256;
  /** Whether this is the sink's Ed25519 signature (base64) of this text. Without it, checkpoints are believed unsigned. */
  isSigned?: (text: string, signature: string) => boolean;
  /** @default 1000 */
  maxFindings?: number;
}

export interface ChainVerifier {
  /** The next row, in the order of `sequence` (see `chainStatement`); equal ones may come in any order. */
  row(row: ChainedRow): void;
  /** After the last row. */
  end(): ChainReport;
}

/**
 * Walks the chain of one table and sink, row by row, in constant memory (checkpoints aside).
 *
 *     const verifier = createChainVerifier({ table, sink, checkpoints, now, sha256, isSigned });
 *     // for each line of the answers to chainStatement(table, { sink, after, upTo })
 *     verifier.row(toChainedRow(table, JSON.parse(line)));
 *     const { findings } = verifier.end();
 *
 * What it shows: a row that was changed, removed, inserted or doubled breaks the chain where it stands. Who writes the whole
 * chain anew from there meets the next checkpoint, and cannot make one without the key. Who cuts off the end, checkpoints
 * and all, is found out only by a checkpoint that was noted elsewhere: the sink logs each.
 *
 * Rows that retention took away are missing rightly when a checkpoint at or behind the last of them is old enough, by the
 * retention that checkpoints state for the time since then. Whole days leave at once, and a sink writes a checkpoint at the
 * end of each day, so the first row that is left can be checked too.
 */
export function createChainVerifier(options: ChainVerifierOptions): ChainVerifier {
  const { table, sink, now, sha256, isSigned, maxFindings = 1_000 } = options;
  const findings: ChainFinding[] = [];
  let findingCount = 0;
  const found = (finding: ChainFinding): void => {
    findingCount += 1;
    if (findings.length < maxFindings) findings.push(finding);
  };

  const believed = options.checkpoints
    .filter((checkpoint) => {
      const isBelieved = isSigned?.(checkpointText(checkpoint), checkpoint.signature) ?? true;
      if (!isBelieved) found({ type: 'BadSignature', sequence: checkpoint.sequence });
      return isBelieved;
    })
    .toSorted((a, b) => a.sequence - b.sequence || (a.stored_at < b.stored_at ? -1 : 1));
  const expiredUpTo = expiredUpToOf(believed, now);
  const chainAt = new Map(believed.map((checkpoint) => [checkpoint.sequence, checkpoint.chain]));
  /** The first checkpoint that the walk has not passed. */
  let next = 0;

  let rows = 0;
  let first = 0;
  let expired = 0;
  let checkpoints = 0;
  let { sequence: last, chain }: { sequence: number; chain: string | undefined } = chainStart;

  const passCheckpoints = (upTo: number): void => {
    for (; (believed[next]?.sequence ?? Infinity) <= upTo; next += 1) {
      const checkpoint = believed[next];
      // One within a gap has nothing to be compared with: the gap is a finding, or is excused.
      if (checkpoint?.sequence !== last || chain === undefined) continue;
      if (checkpoint.chain === chain) checkpoints += 1;
      else found({ type: 'CheckpointMissed', sequence: checkpoint.sequence });
    }
  };
  /** Jumps over the rows between the last one and `sequence`. */
  const skipTo = (sequence: number): void => {
    if (sequence - 1 <= expiredUpTo) expired += sequence - last - 1;
    else found({ type: 'Removed', sequence: last + 1, upTo: sequence - 1 });
    last = sequence - 1;
    chain = chainAt.get(last);
    passCheckpoints(last);
  };

  return {
    row(row) {
      rows += 1;
      if (row.sequence <= last) {
        found({ type: 'Doubled', sequence: row.sequence });
        return;
      }
      if (row.sequence > last + 1) skipTo(row.sequence);
      if (first === 0) first = row.sequence;
      // After a gap without a checkpoint there is nothing to link to: the row's own link is where the walk goes on.
      const isLinked = chain === undefined || linkOf(chain, row, row.line, sha256) === row.chain;
      if (!isLinked) found({ type: 'Changed', sequence: row.sequence });
      last = row.sequence;
      chain = row.chain;
      passCheckpoints(last);
    },
    end() {
      const furthest = believed.at(-1)?.sequence ?? 0;
      if (furthest > Math.max(last, expiredUpTo)) found({ type: 'CutOff', sequence: last + 1, upTo: furthest });
      const signed = isSigned === undefined ? 0 : checkpoints;
      const end = { rows, first, last: rows === 0 ? 0 : last, chain: chain ?? chainStart.chain };
      return { table, sink, ...end, expired, checkpoints, signed, findingCount, findings };
    },
  };
}

/**
 * Up to which place retention may have taken rows away; 0: nowhere. Each checkpoint states the retention from its own time to
 * the next one's; the last one's holds until now. `toDate(stored_at) + days` is when the store drops a day. No row before a
 * checkpoint is younger than that.
 */
function expiredUpToOf(checkpoints: readonly Checkpoint[], now: string): number {
  let latestDay = -Infinity;
  for (const [i, { retention_days }] of checkpoints.entries()) {
    const until = dayOf(checkpoints[i + 1]?.stored_at ?? now);
    if (retention_days > 0) latestDay = Math.max(latestDay, until - retention_days);
  }
  return checkpoints.findLast(({ stored_at }) => dayOf(stored_at) <= latestDay)?.sequence ?? 0;
}

/** Days since 1970 of a time as the store writes it. */
function dayOf(time: string): number {
  return Date.parse(`${time.slice(0, 10)}T00:00:00Z`) / 86_400_000;
}
