import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chainStart, HoldpointError, type ChainedTable } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { readPosition, writePosition } from '../spool/position-file.ts';
import { createReserve } from '../spool/reserve.ts';
import { comparePositions, type Spool, type SpoolBatch } from '../spool/spool.ts';
import { readPayload } from '../spool/spooled.ts';
import { reached } from '../spool/steps.ts';
import { isContentRefusal, type AuditStore } from './audit-store.ts';
import type { Checkpoints, Ends } from './checkpoints.ts';
import { noStoreObserver, type StoreObserver } from './observer.ts';
import { placedRows, toPart, type Plan, type PlanPart, type StoredEnd } from './plan.ts';
import { readPlan, writePlan } from './plan-file.ts';
import { findRefused, keepRefused } from './refused.ts';
import { storeTimeOf } from './store-time.ts';

export interface Loader {
  /** There is something new in the spool. */
  wake(): void;
  /** Loads what is there and writes checkpoints, then ends; what the store does not take now stays in the spool. */
  close(): Promise<void>;
}

export interface LoaderParts {
  spool: Spool;
  store: AuditStore;
  checkpoints: Checkpoints;
  sink: string;
  /** Where position and plan are kept, and the originals of what the store refuses. */
  folders: { spool: string; refused: string };
  now: () => number;
  logger: Logger;
  observer?: StoreObserver;
  /** Told once, with the ends of the chains, before the first batch; tried again until it is through. */
  prepare?: (ends: Ends) => Promise<void>;
  /** @default those of a store that may be away for a day */
  retryDelaysMs?: readonly number[];
}

/** ClickHouse wants few large inserts: what comes within this time goes together. */
const gatherMs = 500;
const maxRecordsABatch = 200;
const defaultRetryDelaysMs = [200, 1_000, 5_000, 15_000];
const tables: readonly ChainedTable[] = ['audit_events', 'recordings'];

type Lines = Readonly<Record<ChainedTable, readonly string[]>>;

/**
 * Feeds the store from the spool, for ever and in order. What is done with each range of the spool is planned, and the plan
 * is on disk before anything is stored: so whoever comes after a crash, or after an insert whose outcome is unknown, does the
 * very same thing again, and can ask the store which of it is done. The position is written after the store has the rows.
 *
 * Two things keep a row from being stored twice. Events that are sent again are found by their hash, when a plan is made.
 * Inserts that are made again have the same places in the chain, which are looked up first, and the same token, by which the
 * store leaves out one that is still on its way while we ask.
 */
export function createLoader(parts: LoaderParts): Loader {
  const { spool, store, checkpoints, sink, folders, now, logger, observer = noStoreObserver } = parts;
  const { retryDelaysMs = defaultRetryDelaysMs } = parts;
  const files = { position: join(folders.spool, 'position.json'), plan: join(folders.spool, 'plan.json') };
  const reserve = createReserve(join(folders.spool, 'reserve'), logger);
  let position = readPosition(files.position);
  /** Of every table that has rows, once they are known. */
  let ends: Ends | undefined;
  let isPrepared = false;
  /** A plan that is on disk and not carried out. `isNew`: nothing of it can be stored yet. */
  let pending: { plan: Plan; lines: Lines; isNew: boolean } | undefined;
  let closing = false;
  const stopped = new AbortController();
  const pause = (ms: number | undefined): Promise<void> =>
    sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
  let awake: () => void = () => undefined;
  let news = true;

  const recover = async (): Promise<Ends> => {
    if (comparePositions(position, spool.end()) > 0) {
      logger.error({ position, end: spool.end() }, 'spool ends before its position and is loaded from its beginning');
      position = { segment: 1, offset: 0 };
    }
    spool.forgetBefore(position);
    const plan = readPlan(files.plan);
    const isPending = plan?.sink === sink && comparePositions(plan.from, position) === 0;
    const isDone = plan?.sink === sink && comparePositions(plan.end, position) <= 0;
    if (plan !== undefined && isPending) {
      pending = { plan, lines: linesOf(await readAgain(spool, plan)), isNew: false };
      logger.info({ from: plan.from, end: plan.end }, 'plan found that was not carried out');
    }
    const found: Partial<Record<ChainedTable, StoredEnd>> = {};
    for (const table of tables) {
      const [inStore, inPlan] = [await store.readEnd(table), isDone ? plan.ends[table] : undefined];
      // A store may have forgotten all rows of a chain, by retention, or not have them yet, on a copy that lags behind.
      const end = (inPlan?.sequence ?? 0) > (inStore?.sequence ?? 0) ? inPlan : inStore;
      if (end !== undefined) found[table] = end;
    }
    return found;
  };

  const makePlan = async (before: Ends, batch: SpoolBatch, lines: Lines): Promise<Plan> => {
    const latest = tables.map((table) => before[table]?.storedAt ?? '').sort();
    const storedAt = storeTimeOf(now(), latest.at(-1));
    const after: Partial<Record<ChainedTable, StoredEnd>> = { ...before };
    const made: PlanPart[] = [];
    for (const table of tables) {
      const omitted = await store.stored(table, lines[table]);
      if (omitted.length === lines[table].length) continue;
      const { sequence, chain } = before[table] ?? chainStart;
      const part = toPart(
        sink,
        storedAt,
        { table, first: sequence + 1, previous: chain, omitted, refused: {} },
        lines[table],
      );
      made.push(part);
      after[table] = endOf(part, storedAt);
    }
    const records = batch.payloads.length;
    return { from: position, end: batch.end, records, sink, storedAt, parts: made, ends: after };
  };

  const keepPlan = (plan: Plan, lines: Lines): void => {
    reserve.within(() => writePlan(files.plan, plan));
    pending = { plan, lines, isNew: true };
    reached('planned');
  };

  /** Plans anew with stubs for what the store does not take; rejects with `cause` when it is not the lines' fault. */
  const refuse = async (plan: Plan, part: PlanPart, lines: Lines, cause: unknown): Promise<void> => {
    const { table } = part;
    const found = await findRefused(store, table, lines[table]);
    const fresh = [...found].filter(([i]) => !part.omitted.includes(i) && part.refused[i] === undefined);
    if (fresh.length === 0) throw cause;
    for (const [i, reason] of fresh) {
      const file = keepRefused(folders.refused, table, lines[table][i] ?? '');
      logger.error({ table, file, reason }, 'line refused by the store and kept in a file');
      observer.refused(table);
    }
    const refused = { ...part.refused, ...Object.fromEntries(fresh) };
    const again = toPart(plan.sink, plan.storedAt, { ...part, refused }, lines[table]);
    const others = plan.parts.map((each) => (each === part ? again : each));
    keepPlan({ ...plan, parts: others, ends: { ...plan.ends, [table]: endOf(again, plan.storedAt) } }, lines);
    // Parts before this one are stored already.
    if (pending !== undefined) pending.isNew = false;
  };

  const storePart = async (plan: Plan, part: PlanPart, lines: Lines, isNew: boolean): Promise<void> => {
    const rows = placedRows(plan, part, lines[part.table]);
    const last = part.first + part.rows - 1;
    const taken = isNew ? new Map<number, string>() : await store.placesTaken(part.table, part.first, last);
    refuseForeign(part, rows, taken);
    const missing = rows.filter((_row, i) => !taken.has(part.first + i));
    if (missing.length === 0) return;
    try {
      await store.insert(part.table, missing, taken.size === 0 ? part.token : `${part.token}/rest`);
    } catch (error) {
      if (!isContentRefusal(error) || taken.size > 0) throw error;
      await refuse(plan, part, lines, error);
      throw new PlannedAnew();
    }
    observer.stored(part.table, part.rows);
  };

  const carryOut = async (): Promise<void> => {
    while (pending !== undefined) {
      const { plan, lines, isNew } = pending;
      pending.isNew = false;
      try {
        for (const part of plan.parts) await storePart(plan, part, lines, isNew);
      } catch (error) {
        if (error instanceof PlannedAnew) continue;
        throw error;
      }
      reached('inserted');
      ends = plan.ends;
      moveTo(plan.end);
      pending = undefined;
    }
  };

  const moveTo = (end: Plan['end']): void => {
    position = end;
    reserve.within(() => writePosition(files.position, position));
    reached('positioned');
    spool.forgetBefore(position);
    reserve.restore();
  };

  const loadOnce = async (): Promise<boolean> => {
    const started = performance.now();
    ends ??= await recover();
    if (!isPrepared) await parts.prepare?.(ends);
    isPrepared = true;
    if (pending === undefined) {
      const batch = await spool.read(position, maxRecordsABatch);
      if (batch === undefined) return false;
      const lines = linesOf(batch.payloads);
      const plan = await makePlan(ends, batch, lines);
      await checkpoints.beforeRowsOf(plan.storedAt, ends);
      if (plan.parts.length > 0) keepPlan(plan, lines);
      else moveTo(plan.end);
    }
    await carryOut();
    observer.loaded((performance.now() - started) / 1_000, spool.sizeAfter(position));
    return true;
  };

  /** Until there is news, or a checkpoint may be due. */
  const rest = async (): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      awake = resolve;
      timer = setTimeout(resolve, checkpoints.everyMs);
    });
    clearTimeout(timer);
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; ;) {
      try {
        news = false;
        while (await loadOnce()) {
          failures = 0;
          await checkpoints.ifDue(ends ?? {});
        }
        await (closing ? checkpoints.now(ends ?? {}) : checkpoints.ifDue(ends ?? {}));
        failures = 0;
        if (closing) return;
        if (!news) await rest();
        if (!closing) await pause(gatherMs);
      } catch (error) {
        logger.error({ err: error, position }, 'store does not take the spool');
        observer.failed();
        if (closing) return; // It stays in the spool, for the next start.
        await pause(retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)]);
        failures += 1;
      }
    }
  };
  const running = run();
  return {
    wake() {
      news = true;
      awake();
    },
    async close() {
      closing = true;
      stopped.abort();
      awake();
      await running;
    },
  };
}

/** Thrown where a plan was replaced, to begin with the new one. */
class PlannedAnew extends Error {}

/** @throws HoldpointError ERR_STORE_CHANGED when a place of ours has a row that is not the one we plan to put there */
function refuseForeign(part: PlanPart, rows: readonly string[], taken: ReadonlyMap<number, string>): void {
  for (const [sequence, chain] of taken) {
    if (rows[sequence - part.first]?.includes(`"chain":"${chain}"`) === true) continue;
    throw new HoldpointError(
      'ERR_STORE_CHANGED',
      `${part.table}: place ${String(sequence)} has a row that is not ours; does another sink write under this name?`,
      { details: { table: part.table, sequence } },
    );
  }
}

function endOf(part: PlanPart, storedAt: string): StoredEnd {
  return { sequence: part.first + part.rows - 1, chain: part.chain, storedAt };
}

function linesOf(payloads: readonly Buffer[]): Lines {
  const spooled = payloads.map(readPayload);
  const of = (wanted: ChainedTable): string[] => spooled.flatMap(({ table, lines }) => (table === wanted ? lines : []));
  return { audit_events: of('audit_events'), recordings: of('recordings') };
}

/** The records that a plan was made for. @throws HoldpointError ERR_SPOOL_CORRUPT when they are not there any more */
async function readAgain(spool: Spool, { from, end, records }: Plan): Promise<Buffer[]> {
  const payloads: Buffer[] = [];
  let at = from;
  while (payloads.length < records) {
    const batch = await spool.read(at, records - payloads.length);
    if (batch === undefined) break;
    payloads.push(...batch.payloads);
    at = batch.end;
  }
  if (comparePositions(at, end) === 0) return payloads;
  throw new HoldpointError('ERR_SPOOL_CORRUPT', 'the spool does not have what the plan was made for', {
    details: { segment: from.segment, offset: from.offset },
  });
}
