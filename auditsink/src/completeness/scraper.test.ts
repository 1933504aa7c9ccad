import { describe, expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import type { CounterReading } from './read-counters.ts';
import { createScraper } from './scraper.ts';

const start = Date.parse('2026-05-04T10:00:00Z');
const reading: CounterReading = {
  startedAtMs: Date.parse('2026-05-01T00:00:00.120Z'),
  eventsTotal: 5_000,
  errorsTotal: 7,
  rejectedTotal: 1,
  auditId: 'q-1',
  askedAtMs: start + 1,
  answeredAtMs: start + 31,
};
const going = new AbortController().signal;
const [a, b] = ['a', 'b'].map((name) => ({ name, url: `https://${name}` }));

/** A scraper on fakes. `answers` are given by API server, then by round; the store answers `windows`. */
function world(
  answers: Record<string, (CounterReading | Error)[]>,
  windows: { asked_at: string; missing: string; verdict: string }[][] = [],
) {
  const inserted: object[] = [];
  const asked: string[] = [];
  const told: string[] = [];
  const logged: string[] = [];
  const storeDown = { insert: false };
  const log =
    (level: string) =>
    (_fields: object, message: string): void =>
      void logged.push(`${level}: ${message}`);
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const scraper = createScraper({
    apiServers: [a, b].filter((each) => each !== undefined && each.name in answers) as { name: string; url: string }[],
    async readCounters({ name }) {
      const answer = answers[name]?.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
      return answer;
    },
    store: {
      async insert(_table, lines) {
        if (storeDown.insert) throw new Error('no store');
        inserted.push(...lines.split('\n').map((line) => JSON.parse(line) as object));
      },
      async query<Row>(statement: string) {
        if (statement.includes('max(scraped_at)')) return [{ judged: '2026-05-04 09:40:00.000' }] as Row[];
        asked.push(statement);
        return (windows.shift() ?? []) as Row[];
      },
    },
    sink: "it's-1",
    settleMs: 300_000,
    now: () => start,
    observer: {
      eventsMissing: (count) => void told.push(`missing ${String(count)}`),
      scraped: (name) => void told.push(`scraped ${name}`),
      scrapeFailed: (name) => void told.push(`failed ${name}`),
    },
    logger,
  });
  return { scraper, inserted, asked, told, logged, storeDown };
}

describe('a round', () => {
  test('the row, whole', async () => {
    const { scraper, inserted, told } = world({ a: [reading] });
    await scraper.round(going);
    expect(inserted).toEqual([
      {
        scraped_at: '2026-05-04 10:00:00.000',
        sink: "it's-1",
        apiserver: 'a',
        started_at: '2026-05-01 00:00:00.120',
        events_total: 5_000,
        errors_total: 7,
        rejected_total: 1,
        asked_at: '2026-05-04 10:00:00.001000',
        answered_at: '2026-05-04 10:00:00.031000',
        audit_id: 'q-1',
        settle_seconds: 300,
      },
    ]);
    expect(told).toEqual(['scraped a']);
  });

  test('one API server is down: the others are on record, and it is logged once, and again when it is back', async () => {
    const down = new Error('connection refused');
    const { scraper, inserted, told, logged } = world({ a: [reading, reading, reading], b: [down, down, reading] });
    for (let round = 0; round < 3; round += 1) await scraper.round(going);
    expect(inserted).toHaveLength(4);
    expect(told.filter((each) => each === 'failed b')).toHaveLength(2);
    expect(logged).toEqual([
      'warn: api server does not tell its counters',
      'info: api server tells its counters again',
    ]);
  });

  test('told to stop while it asks: that is no failure of the API server', async () => {
    const { scraper, told, logged } = world({ a: [new Error('aborted')] });
    await scraper.round(AbortSignal.abort());
    expect([told, logged]).toEqual([[], []]);
  });

  test('the store is down: the round ends, and the next one stands for both', async () => {
    const { scraper, inserted, logged, storeDown } = world({ a: [reading, reading] });
    storeDown.insert = true;
    await scraper.round(going);
    storeDown.insert = false;
    await scraper.round(going);
    expect(inserted).toHaveLength(1);
    expect(logged).toEqual(['error: store does not take the counters']);
  });
});

describe('what is missing for good', () => {
  const first = { asked_at: '2026-05-04 10:01:00.000', missing: '5', verdict: 'missing' };
  const second = { asked_at: '2026-05-04 10:02:00.000', missing: '0', verdict: 'complete' };

  test('is told once: from where the process before had stopped, and the next round from there on', async () => {
    const { scraper, asked, told, logged } = world({ a: [reading, reading] }, [[first, second], []]);
    await scraper.round(going);
    await scraper.round(going);
    expect(told.filter((each) => each.startsWith('missing'))).toEqual(['missing 5']);
    expect(logged).toEqual(['error: audit events are missing']);
    expect(asked[0]).toContain("scraped_at > '2026-05-04 09:40:00.000'");
    expect(asked[1]).toContain("since = '2026-05-04 10:02:00.000'");
    expect(asked[1]).toContain("scraped_at > '2026-05-04 10:02:00.000'");
  });

  test('a store whose clock is behind ours: what waits there is told later', async () => {
    const waiting = { ...first, verdict: 'waiting' };
    const { scraper, told } = world({ a: [reading, reading] }, [
      [waiting, second],
      [first, second],
    ]);
    await scraper.round(going);
    expect(told).toEqual(['scraped a']);
    await scraper.round(going);
    expect(told).toEqual(['scraped a', 'scraped a', 'missing 5']);
  });

  test('is asked of windows whose time is over, and of our own, whatever our name', async () => {
    const { scraper, asked } = world({ a: [reading] });
    await scraper.round(going);
    expect(asked[0]).toContain("scraped_at < '2026-05-04 09:55:00.000'");
    expect(asked[0]).toContain("sink = 'it\\'s-1'");
  });
});
