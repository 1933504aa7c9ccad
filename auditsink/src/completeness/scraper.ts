import { toStoreTime } from '@holdpoint/core';
import { stringLiteral, type ClickHouse, type Logger } from '@holdpoint/platform';
import { storeTimeOf } from '../store/store-time.ts';
import type { ApiServerAddress } from './api-servers.ts';
import type { CompletenessObserver } from './observer.ts';
import type { CounterReading, ReadCounters } from './read-counters.ts';

/**
 * Asks every API server how many audit events it has produced, and puts the answers beside what has come: so the record says
 * by itself what it does not hold. Counters only grow, so an answer that is lost, by a store that is down or a sink that is
 * killed, costs nothing but detail: the next one stands for both.
 */
export interface Scraper {
  /** One question to each API server, at the same time, and what has become final since the last one. Never rejects. */
  round(stopping: AbortSignal): Promise<void>;
}

export interface ScraperParts {
  apiServers: readonly ApiServerAddress[];
  readCounters: ReadCounters;
  store: Pick<ClickHouse, 'insert' | 'query'>;
  /** This sink, as its rows name it. */
  sink: string;
  /** How long after a window events may still come. */
  settleMs: number;
  now: () => number;
  observer: CompletenessObserver;
  logger: Logger;
}

export function createScraper(parts: ScraperParts): Scraper {
  const { apiServers, readCounters, store, sink, settleMs, now, observer, logger } = parts;
  const failing = new Set<string>();
  /** The round up to which it is told what is missing. By our own clock. Undefined until the store says where we stopped. */
  let judgedUpTo: string | undefined;

  const ask = async (apiServer: ApiServerAddress, atMs: number, stopping: AbortSignal): Promise<string[]> => {
    try {
      const reading = await readCounters(apiServer, stopping);
      observer.scraped(apiServer.name, reading.answeredAtMs);
      if (failing.delete(apiServer.name))
        logger.info({ apiServer: apiServer.name }, 'api server tells its counters again');
      return [JSON.stringify(rowOf(reading, apiServer, { sink, settleMs, atMs }))];
    } catch (error) {
      if (stopping.aborted) return [];
      observer.scrapeFailed(apiServer.name);
      // Once an outage, not once a minute.
      if (!failing.has(apiServer.name))
        logger.warn({ err: error, apiServer: apiServer.name }, 'api server does not tell its counters');
      failing.add(apiServer.name);
      return [];
    }
  };
  /** What was not final yet when this sink last asked: the process before this one has not told of it. */
  const whereWeStopped = async (): Promise<string> => {
    const [last] = await store.query<{ judged: string }>(
      `SELECT toString(greatest(max(scraped_at) - toIntervalMillisecond(${String(settleMs)}), toDateTime64(0, 3, 'UTC'))) AS judged
       FROM apiserver_counters WHERE sink = ${stringLiteral(sink)}`,
    );
    return last?.judged ?? storeTimeOf(0);
  };
  const judge = async (): Promise<void> => {
    if (judgedUpTo === undefined) return;
    const windows = await store.query<{ asked_at: string; missing: string; verdict: string }>(
      `SELECT toString(scraped_at) AS asked_at, toString(missing) AS missing, verdict
       FROM completeness_since(since = '${judgedUpTo}')
       WHERE sink = ${stringLiteral(sink)} AND scraped_at > '${judgedUpTo}' AND scraped_at < '${storeTimeOf(now() - settleMs)}'
       ORDER BY scraped_at`,
    );
    for (const { asked_at, missing, verdict } of windows) {
      if (verdict === 'waiting') return; // The store's clock is behind ours.
      judgedUpTo = asked_at;
      if (missing === '0') continue;
      observer.eventsMissing(Number(missing));
      logger.error({ upTo: asked_at, missing: Number(missing) }, 'audit events are missing');
    }
  };
  return {
    async round(stopping) {
      const atMs = now();
      const rows = (await Promise.all(apiServers.map((apiServer) => ask(apiServer, atMs, stopping)))).flat();
      try {
        judgedUpTo ??= await whereWeStopped();
        if (rows.length > 0) await store.insert('apiserver_counters', rows.join('\n'));
        await judge();
      } catch (error) {
        logger.error({ err: error }, 'store does not take the counters');
      }
    },
  };
}

function rowOf(
  reading: CounterReading,
  { name }: ApiServerAddress,
  { sink, settleMs, atMs }: { sink: string; settleMs: number; atMs: number },
): object {
  return {
    // Of the round: by this the answers of several API servers belong together.
    scraped_at: storeTimeOf(atMs),
    sink,
    apiserver: name,
    started_at: storeTimeOf(reading.startedAtMs),
    events_total: reading.eventsTotal,
    errors_total: reading.errorsTotal,
    rejected_total: reading.rejectedTotal,
    asked_at: eventTimeOf(reading.askedAtMs),
    answered_at: eventTimeOf(reading.answeredAtMs),
    audit_id: reading.auditId,
    settle_seconds: Math.ceil(settleMs / 1_000),
  };
}

/** With microseconds, as the times of events are. */
function eventTimeOf(ms: number): string {
  return toStoreTime(new Date(ms).toISOString()) ?? '';
}
