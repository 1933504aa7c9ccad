import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  HoldpointError,
  chainStatement,
  chainsStatement,
  checkpointsStatement,
  createChainVerifier,
  messageOf,
  toChainedRow,
  toCheckpoint,
  type ChainedTable,
  type ChainFinding,
  type ChainReport,
  type JsonObject,
} from '@holdpoint/core';
import type { Style } from '../output/style.ts';
import { printTable, toPrintable } from '../output/table.ts';
import type { SqlClient } from './sql-client.ts';

export const verifyFormats = ['table', 'json'] as const;

/** One chain, with the time that its rows span by the sink's clock. */
export interface VerifiedChain extends ChainReport {
  /** Empty where there is no row. */
  from: string;
  to: string;
}

/** What the sinks counted against what the API servers say they sent; see the view `completeness`. */
export interface Completeness {
  sink: string;
  window_start: string;
  window_end: string;
  apiserver: string;
  apiserver_events: number;
  apiserver_errors: number;
  received: number;
  missing: number;
  possible: boolean | number;
  verdict: string;
}

export interface Verification {
  chains: VerifiedChain[];
  /** True when checkpoints were checked against a key. */
  signaturesChecked: boolean;
  /** Undefined where the store does not tell. */
  completeness: Completeness[] | undefined;
  findings: number;
}

export interface VerifyParts {
  sql: SqlClient;
  nowMs: number;
  /** The sinks' public key. */
  publicKey?: KeyObject;
}

const tables: readonly ChainedTable[] = ['audit_events', 'recordings'];
/** Rows that are asked for at a time: usual ones are 5 MiB. Fewer where the endpoint refuses so long an answer. */
const rowsAtOnce = 2_000;
/** Events that the API server could not deliver, or whose number does not fit: the newest windows. */
const mostWindows = 1_000;

/**
 * Walks every sink's chain of both tables, and reads what is known of completeness.
 *
 * @throws HoldpointError ERR_STORE_UNAVAILABLE, ERR_QUERY_REFUSED when the store cannot be read
 */
export async function verifyStore({ sql, nowMs, publicKey }: VerifyParts): Promise<Verification> {
  const chains: VerifiedChain[] = [];
  for (const table of tables) {
    for (const sink of await sinksOf(sql, table)) chains.push(await verifyChain(table, sink, sql, nowMs, publicKey));
  }
  const findings = chains.reduce((sum, { findingCount }) => sum + findingCount, 0);
  return { chains, signaturesChecked: publicKey !== undefined, completeness: await completenessOf(sql), findings };
}

/** A sink whose rows are gone altogether is known by its checkpoints. */
async function sinksOf(sql: SqlClient, table: ChainedTable): Promise<{ sink: string; first: number; last: number }[]> {
  const chains = await sql.rows<{ sink: string; first: number | string; last: number | string }>(
    chainsStatement(table),
  );
  const marked = await sql.rows<{ sink: string }>(
    'SELECT DISTINCT sink FROM checkpoints WHERE table_name = {table:String} ORDER BY sink',
    { table },
  );
  const gone = marked.filter(({ sink }) => !chains.some((chain) => chain.sink === sink));
  return [
    ...chains.map(({ sink, first, last }) => ({ sink, first: Number(first), last: Number(last) })),
    ...gone.map(({ sink }) => ({ sink, first: 0, last: 0 })),
  ];
}

async function verifyChain(
  table: ChainedTable,
  { sink, first, last }: { sink: string; first: number; last: number },
  sql: SqlClient,
  nowMs: number,
  publicKey: KeyObject | undefined,
): Promise<VerifiedChain> {
  const checkpoints = (await sql.rows<JsonObject>(checkpointsStatement(table, sink))).map(toCheckpoint);
  const verifier = createChainVerifier({
    table,
    sink,
    checkpoints,
    now: new Date(nowMs).toISOString().slice(0, 23).replace('T', ' '),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    ...(publicKey === undefined ? {} : { isSigned: (text, signature) => isSignedBy(publicKey, text, signature) }),
  });
  let [from, to] = ['', ''];
  // Range by range: a row that was put in between, at a place that is taken, is in the range of its place.
  let size = rowsAtOnce;
  for (let after = Math.max(0, first - 1); after < last;) {
    const range = { sink, after, upTo: after + size };
    const rows = await sql.rows<JsonObject>(chainStatement(table, range)).catch((error: unknown) => {
      if (size === 1 || !(error instanceof HoldpointError) || error.code !== 'ERR_QUERY_REFUSED') throw error;
      return undefined;
    });
    if (rows === undefined) {
      size = Math.ceil(size / 8);
      continue;
    }
    for (const answered of rows) {
      const row = toChainedRow(table, answered);
      verifier.row(row);
      if (from === '') from = row.stored_at;
      if (row.stored_at > to) to = row.stored_at;
    }
    after = range.upTo;
  }
  return { ...verifier.end(), from, to };
}

function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

/** A store without that view says nothing of it. */
async function completenessOf(sql: SqlClient): Promise<Completeness[] | undefined> {
  const [view] = await sql.rows<{ found: number }>(
    "SELECT toUInt8(count() > 0) AS found FROM system.tables WHERE database = currentDatabase() AND name = 'completeness'",
  );
  if (view?.found !== 1) return undefined;
  return await sql.rows<Completeness>(
    `SELECT sink, toString(window_start) AS window_start, toString(window_end) AS window_end, apiserver, apiserver_events,
       apiserver_errors, received, missing, possible, verdict
     FROM completeness ORDER BY window_end DESC LIMIT {limit:UInt32}`,
    { limit: String(mostWindows) },
  );
}

/** @throws HoldpointError ERR_CONFIG_INVALID naming the file */
export function readPublicKey(file: string): KeyObject {
  try {
    const key = createPublicKey(readFileSync(file, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`expected an Ed25519 key, got ${String(key.asymmetricKeyType)}`);
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--public-key ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** For a person: a line a chain, then what was found and what it means, then completeness in a few words. */
export function printVerification(
  { chains, signaturesChecked, completeness, findings }: Verification,
  style: Style,
): string {
  if (chains.length === 0) return 'Nothing is on record.';
  const table = printTable(
    ['TABLE', 'SINK', 'ROWS', 'PLACES', 'FROM (UTC)', 'TO', 'CHECKPOINTS', 'EXPIRED', 'FINDINGS'],
    chains.map((chain) => [
      chain.table,
      chain.sink,
      String(chain.rows),
      chain.rows === 0 ? '-' : `${String(chain.first)}–${String(chain.last)}`,
      chain.from === '' ? '-' : chain.from.slice(0, 19),
      chain.to === '' ? '-' : chain.to.slice(0, 19),
      signaturesChecked
        ? `${String(chain.checkpoints)} signed`
        : `${String(chain.checkpoints)}, signatures not checked`,
      String(chain.expired),
      String(chain.findingCount),
    ]),
  );
  const told = chains.flatMap((chain) => [
    ...chain.findings.map((finding) => `${chain.table} of ${chain.sink}: ${meaningOf(finding)}`),
    ...(chain.findingCount > chain.findings.length
      ? [`${chain.table} of ${chain.sink}: ${String(chain.findingCount - chain.findings.length)} more findings`]
      : []),
  ]);
  const unkeyed = chains.some(({ checkpoints }) => checkpoints > 0) && !signaturesChecked;
  return [
    table,
    '',
    ...told.map((line) => style.removed(toPrintable(line))),
    findings === 0
      ? style.added('The record is as it was written.')
      : style.removed(findings === 1 ? '1 finding.' : `${String(findings)} findings.`),
    ...(unkeyed
      ? ['Whoever can write the store can write checkpoints: check their signatures with --public-key.']
      : []),
    ...completenessLines(completeness, style),
  ].join('\n');
}

/** What a finding means, for who has to act on it. */
export function meaningOf(finding: ChainFinding): string {
  const { sequence } = finding;
  const place = String(sequence);
  switch (finding.type) {
    case 'Changed':
      return `row ${place} was changed, or the row before it was exchanged: it is not what the sink stored`;
    case 'Removed':
      return finding.upTo === sequence
        ? `row ${place} was removed`
        : `rows ${place} to ${String(finding.upTo)} were removed`;
    case 'Doubled':
      return `a row was inserted at place ${place}, which is taken`;
    case 'CutOff':
      return `the end was cut off: rows ${place} to ${String(finding.upTo)} were there when a checkpoint was written`;
    case 'CheckpointMissed':
      return `rows up to ${place} were written anew: the checkpoint there tells another chain`;
    case 'BadSignature':
      return `the checkpoint at row ${place} is not signed with this key, or was changed: it is not believed`;
  }
}

function completenessLines(windows: Completeness[] | undefined, style: Style): string[] {
  if (windows === undefined) return ['Whether all events came in is not told: the store has no view "completeness".'];
  if (windows.length === 0)
    return ['Whether all events came in is not told: no API server was asked for its counters.'];
  const count = (pick: (window: Completeness) => number | string): number =>
    windows.reduce((sum, window) => sum + Number(pick(window)), 0);
  const lacking = windows.filter(
    ({ missing, apiserver_errors }) => Number(missing) > 0 || Number(apiserver_errors) > 0,
  );
  const summary = `Completeness: ${String(windows.length)} windows, ${String(count(({ received }) => received))} events received, ${String(count(({ missing }) => missing))} missing.`;
  return [
    lacking.length === 0 ? summary : style.warning(summary),
    ...lacking
      .slice(0, 20)
      .map((window) =>
        style.warning(
          toPrintable(
            `  ${window.window_start.slice(0, 19)} to ${window.window_end.slice(0, 19)} ${window.apiserver}: ${String(window.missing)} missing, ${String(window.apiserver_errors)} not delivered: ${window.verdict}`,
          ),
        ),
      ),
  ];
}
