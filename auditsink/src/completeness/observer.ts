/** Told what is found out about completeness, for whoever counts. Labels are few: API servers are an admin's own list. */
export interface CompletenessObserver {
  /** Events that an API server has counted and that will not come any more. Each is told once. */
  eventsMissing(count: number): void;
  /** An API server has told its counters. In milliseconds. */
  scraped(apiServer: string, atMs: number): void;
  scrapeFailed(apiServer: string): void;
}

/** For whoever does not count. */
export const silentObserver: CompletenessObserver = {
  eventsMissing: () => undefined,
  scraped: () => undefined,
  scrapeFailed: () => undefined,
};
