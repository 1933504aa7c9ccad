import type { ClickHouse, KubeConfig, Logger } from '@holdpoint/platform';
import type { ApiServerAddress } from './api-servers.ts';
import { silentObserver, type CompletenessObserver } from './observer.ts';
import { createReadCounters } from './read-counters.ts';
import { startRounds, type Rounds } from './rounds.ts';
import { createScraper } from './scraper.ts';

export interface CompletenessParts {
  /** Undefined without credentials for one. */
  cluster: KubeConfig | undefined;
  apiServers: readonly ApiServerAddress[];
  everyMs: number;
  /** See `Scraper`. */
  settleMs: number;
  store: Pick<ClickHouse, 'insert' | 'query'>;
  /** This sink, as its rows name it. */
  sink: string;
  newAuditId: () => string;
  now: () => number;
  logger: Logger;
  /** @default nobody */
  observer?: CompletenessObserver;
}

/** Asks the API servers what they have audited, round after round; where there is none to ask, says so once. */
export function startCompleteness(parts: CompletenessParts): Rounds {
  const { cluster, apiServers, everyMs, newAuditId, now, logger, observer = silentObserver } = parts;
  if (cluster === undefined || apiServers.length === 0) {
    const reason =
      cluster === undefined ? 'no kubeconfig, and no service account of a pod' : '--apiserver-metrics none';
    logger.warn({ reason }, 'completeness is not checked');
    return { stop: () => Promise.resolve() };
  }
  const scraper = createScraper({ ...parts, observer, readCounters: createReadCounters(cluster, newAuditId, now) });
  return startRounds(everyMs, (stopping) => scraper.round(stopping));
}
