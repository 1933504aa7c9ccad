import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';
import { openEmbedded, type ClickHouse } from '@holdpoint/platform';

const day = Date.parse('2026-05-04T10:00:00Z');
/** Seconds after the beginning, as the store writes them. */
const at = (seconds: number): string => {
  const text = new Date(day + Math.floor(seconds * 1_000)).toISOString().replace('T', ' ').slice(0, -1);
  return `${text}${String(Math.round(seconds * 1_000_000) % 1_000).padStart(3, '0')}`;
};

interface Counter {
  apiserver: string;
  /** Seconds; before the beginning: negative. */
  started: number;
  events: number;
  errors?: number;
  /** How much later this one was asked, and answered. */
  later?: number;
}

interface World {
  /** Asked at these seconds, answered a tenth of a second later. Marked, unless it says otherwise. */
  rounds: { at: number; counters: Counter[]; marked?: boolean; sink?: string }[];
  /** So many events between two seconds. */
  events: { from: number; to: number; count: number; source?: string; began?: number }[];
  settleSeconds?: number;
}

interface Told {
  apiserver: string;
  apiserver_events: number;
  apiserver_errors: number;
  received: number;
  missing: number;
  possible: number;
  verdict: string;
}

const a = (events: number, more: Partial<Counter> = {}): Counter => ({
  apiserver: 'a',
  started: -100,
  events,
  ...more,
});
const b = (events: number, more: Partial<Counter> = {}): Counter => ({
  apiserver: 'b',
  started: -200,
  events,
  ...more,
});
const quiet = { apiserver: 'a', apiserver_errors: 0, missing: 0, possible: 0, verdict: 'complete' };
const decades = 1_000_000_000;

const rows: { situation: string; world: World; want: Told[] }[] = [
  {
    situation: 'all that was counted was received: a hundred events and our own question',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)] },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
    },
    want: [{ ...quiet, apiserver_events: 101, received: 101 }],
  },
  {
    situation: 'twenty were lost, of which the API server gave up ten',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101, { errors: 10 })] },
      ],
      events: [{ from: 1, to: 9, count: 80 }],
    },
    want: [
      {
        ...quiet,
        apiserver_events: 101,
        apiserver_errors: 10,
        received: 81,
        missing: 20,
        possible: 20,
        verdict: 'missing',
      },
    ],
  },
  {
    situation: 'twenty are still on their way',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)] },
      ],
      events: [{ from: 1, to: 9, count: 80 }],
      settleSeconds: decades,
    },
    want: [{ ...quiet, apiserver_events: 101, received: 81, missing: 20, possible: 20, verdict: 'waiting' }],
  },
  {
    situation: 'all is there: nobody waits',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)] },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
      settleSeconds: decades,
    },
    want: [{ ...quiet, apiserver_events: 101, received: 101 }],
  },
  {
    situation: 'the newest question is not told of yet: it is waited for',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)], marked: false },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
      settleSeconds: decades,
    },
    want: [{ ...quiet, apiserver_events: 101, received: 101, verdict: 'waiting' }],
  },
  {
    situation: 'three events while the counter was read, one of them counted: it could be any',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_102)] },
        { at: 20, counters: [a(5_205)] },
      ],
      events: [
        { from: 1, to: 9, count: 100 },
        { from: 10.02, to: 10.08, count: 3 },
        { from: 11, to: 19, count: 100 },
      ],
    },
    want: [
      { ...quiet, apiserver_events: 102, received: 104, possible: 1 },
      { ...quiet, apiserver_events: 103, received: 101, possible: 2 },
    ],
  },
  {
    situation: 'a watch that ended within, and began long before',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_002)] },
      ],
      events: [{ from: 5, to: 6, count: 1, began: -5_000 }],
    },
    want: [{ ...quiet, apiserver_events: 2, received: 2 }],
  },
  {
    situation: 'events from the log file count, transcripts of the proxy do not',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_011)] },
      ],
      events: [
        { from: 1, to: 9, count: 10, source: 'file' },
        { from: 1, to: 9, count: 10, source: 'proxy' },
      ],
    },
    want: [{ ...quiet, apiserver_events: 11, received: 11 }],
  },
  {
    situation: 'the question itself was lost: its neighbours tell of one long window, and that it is missing',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)], marked: false },
        { at: 20, counters: [a(5_202)] },
      ],
      events: [
        { from: 1, to: 9, count: 100 },
        { from: 11, to: 19, count: 100 },
      ],
    },
    want: [{ ...quiet, apiserver_events: 202, received: 201, missing: 1, possible: 1, verdict: 'missing' }],
  },
  {
    situation: 'the audit policy leaves our questions out: clocks stand in for them',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)], marked: false },
        { at: 10, counters: [a(5_100)], marked: false },
      ],
      events: [{ from: 2, to: 8, count: 100 }],
    },
    want: [{ ...quiet, apiserver_events: 100, received: 100 }],
  },
  {
    situation: 'nothing comes any more, not even our questions',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)], marked: false },
        { at: 20, counters: [a(5_202)], marked: false },
      ],
      events: [],
    },
    want: [
      { ...quiet, apiserver_events: 101, received: 1, missing: 100, possible: 100, verdict: 'missing' },
      { ...quiet, apiserver_events: 101, received: 0, missing: 101, possible: 101, verdict: 'missing' },
    ],
  },
  {
    situation: 'nothing is counted, not even our question: auditing is off',
    world: {
      rounds: [
        { at: 0, counters: [a(0)], marked: false },
        { at: 10, counters: [a(0)], marked: false },
      ],
      events: [],
    },
    want: [{ ...quiet, apiserver_events: 0, received: 0, verdict: 'unknown' }],
  },
  {
    situation: 'more came than was counted: another API server, or somebody else, sends here',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)] },
      ],
      events: [{ from: 1, to: 9, count: 130 }],
    },
    want: [{ ...quiet, apiserver_events: 101, received: 131, verdict: 'unknown' }],
  },
  {
    situation: 'a restart within: what the old run did last, nobody knows',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(40, { started: 5 })] },
        { at: 20, counters: [a(51, { started: 5 })] },
      ],
      events: [
        { from: 1, to: 4, count: 30 },
        { from: 6, to: 9, count: 40 },
        { from: 11, to: 19, count: 10 },
      ],
    },
    want: [
      { ...quiet, apiserver_events: 40, received: 71, verdict: 'unknown' },
      { ...quiet, apiserver_events: 11, received: 11 },
    ],
  },
  {
    situation: 'a restart within, and less came than the new run alone has counted',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(100, { started: 5, errors: 60 })] },
      ],
      events: [{ from: 6, to: 9, count: 39 }],
    },
    want: [
      {
        ...quiet,
        apiserver_events: 100,
        apiserver_errors: 60,
        received: 40,
        missing: 60,
        possible: 60,
        verdict: 'missing',
      },
    ],
  },
  {
    situation: 'a balancer asked another API server this time: nothing can be compared',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(7_000, { started: -50 })] },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
    },
    want: [{ ...quiet, apiserver_events: 0, received: 101, verdict: 'unknown' }],
  },
  {
    situation: 'two API servers: their events come together, and are compared together',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000), b(700)] },
        { at: 10, counters: [b(741), a(5_061)] },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
    },
    want: [{ ...quiet, apiserver: 'a, b', apiserver_events: 102, received: 102 }],
  },
  {
    situation: 'two API servers that are not asked at the same moment: what lies between is left open',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000), b(700, { later: 1 })] },
        { at: 10, counters: [a(5_061), b(741, { later: 1 })] },
      ],
      events: [{ from: 2, to: 9, count: 100 }],
    },
    want: [{ ...quiet, apiserver: 'a, b', apiserver_events: 102, received: 102, possible: 1 }],
  },
  {
    situation: 'two API servers, one of which loses events',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000), b(700)] },
        { at: 10, counters: [a(5_061), b(791, { errors: 50 })] },
      ],
      events: [{ from: 1, to: 9, count: 100 }],
    },
    want: [
      {
        ...quiet,
        apiserver: 'a, b',
        apiserver_events: 152,
        apiserver_errors: 50,
        received: 102,
        missing: 50,
        possible: 50,
        verdict: 'missing',
      },
    ],
  },
  {
    situation: 'one of two does not answer once',
    world: {
      rounds: [
        { at: 0, counters: [a(5_000), b(700)] },
        { at: 10, counters: [a(5_061)] },
        { at: 20, counters: [a(5_122), b(781)] },
        { at: 30, counters: [a(5_183), b(822)] },
      ],
      events: [
        { from: 1, to: 9, count: 100 },
        { from: 11, to: 19, count: 100 },
        { from: 21, to: 29, count: 100 },
      ],
    },
    want: [
      { ...quiet, apiserver_events: 61, received: 102, verdict: 'unknown' },
      { ...quiet, apiserver: 'a, b', apiserver_events: 61, received: 101, verdict: 'unknown' },
      { ...quiet, apiserver: 'a, b', apiserver_events: 102, received: 102 },
    ],
  },
  {
    situation: 'one question alone is no window yet',
    world: { rounds: [{ at: 0, counters: [a(5_000)] }], events: [] },
    want: [],
  },
  { situation: 'nobody has asked', world: { rounds: [], events: [{ from: 1, to: 9, count: 10 }] }, want: [] },
];

describe('the view completeness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-view-'));
  let store: ClickHouse;
  beforeAll(async () => {
    store = (await openEmbedded(join(folder, 'store'))).writer;
    const migrations = inRepository('auditsink', 'src', 'migrations');
    for (const name of readdirSync(migrations).sort()) {
      for (const statement of readFileSync(join(migrations, name), 'utf8').split(/;\s*$/m)) {
        if (statement.trim() !== '') await store.command(statement);
      }
    }
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const insert = async (table: string, lines: object[]): Promise<void> => {
    await store.command(`TRUNCATE TABLE ${table}`);
    if (lines.length > 0) await store.insert(table, lines.map((line) => JSON.stringify(line)).join('\n'));
  };
  const build = async ({ rounds, events, settleSeconds = 5 }: World): Promise<void> => {
    const questions = rounds.flatMap(({ counters, ...round }) =>
      counters.map(({ later = 0, ...counter }) => ({ ...round, asked: round.at + later, ...counter })),
    );
    await insert(
      'apiserver_counters',
      questions.map((each, i) => ({
        scraped_at: at(each.at).slice(0, 23),
        sink: each.sink ?? '',
        apiserver: each.apiserver,
        started_at: at(each.started).slice(0, 23),
        events_total: each.events,
        errors_total: each.errors ?? 0,
        asked_at: at(each.asked),
        answered_at: at(each.asked + 0.1),
        audit_id: `q-${String(i)}`,
        settle_seconds: settleSeconds,
      })),
    );
    const told = events.flatMap(({ from, to, count, source = 'apiserver', began }) =>
      Array.from({ length: count }, (_, i) => {
        const stage_time = at(from + ((to - from) * (i + 1)) / (count + 1));
        return {
          source,
          stage_time,
          event_time: began === undefined ? stage_time : at(began),
          stage: 'ResponseComplete',
        };
      }),
    );
    const marks = questions.flatMap((each, i) =>
      each.marked === false
        ? []
        : [
            {
              ...{ source: 'apiserver', stage: 'ResponseComplete', verb: 'get', request_uri: '/metrics' },
              ...{ event_time: at(each.asked), stage_time: at(each.asked + 0.1), audit_id: `q-${String(i)}` },
            },
          ],
    );
    await insert('audit_events', [...told, ...marks]);
  };
  const columns =
    'apiserver, toInt32(apiserver_events) AS apiserver_events, toInt32(apiserver_errors) AS apiserver_errors';
  const numbers = 'toInt32(received) AS received, toInt32(missing) AS missing, toInt32(possible) AS possible';

  test.each(rows)('$situation', async ({ world, want }) => {
    await build(world);
    expect(
      await store.query<Told>(`SELECT ${columns}, ${numbers}, verdict FROM completeness ORDER BY window_end`),
    ).toEqual(want);
  });

  test('two sinks ask: each has windows of its own, over the events of both', async () => {
    const world: World = {
      rounds: [
        { at: 0, counters: [a(5_000)], sink: 'x' },
        { at: 5, counters: [a(5_051)], sink: 'y' },
        { at: 10, counters: [a(5_102)], sink: 'x' },
        { at: 15, counters: [a(5_153)], sink: 'y' },
      ],
      events: [
        { from: 1, to: 4, count: 50 },
        { from: 6, to: 9, count: 50 },
        { from: 11, to: 14, count: 50 },
      ],
    };
    await build(world);
    expect(await store.query(`SELECT sink, ${numbers}, verdict FROM completeness ORDER BY sink`)).toEqual([
      { sink: 'x', received: 102, missing: 0, possible: 0, verdict: 'complete' },
      { sink: 'y', received: 102, missing: 0, possible: 0, verdict: 'complete' },
    ]);
  });

  test('a long time is the sum of its windows: what each edge leaves open is left open once', async () => {
    await build({
      rounds: Array.from({ length: 11 }, (_, i) => ({ at: i * 10, counters: [a(5_000 + i * 103)] })),
      // Two of the events at each edge are told of while the counter is read; one a window is lost.
      events: Array.from({ length: 11 }, (_, i) => [
        { from: i * 10 + 0.02, to: i * 10 + 0.08, count: 2 },
        { from: i * 10 + 1, to: i * 10 + 9, count: 99 },
      ]).flat(),
    });
    const [sum] = await store.query(
      'SELECT toInt32(sum(missing)) AS missing, toInt32(sum(apiserver_events) - sum(received)) AS lost FROM completeness',
    );
    expect(sum).toEqual({ missing: 0, lost: 10 });
  });

  test('from a moment on: the windows that end after it', async () => {
    await build({
      rounds: [0, 10, 20, 30].map((seconds, i) => ({ at: seconds, counters: [a(5_000 + i)] })),
      events: [],
    });
    const ends = await store.query<{ ended: string }>(
      `SELECT toString(window_end) AS ended FROM completeness_since(since = '${at(15).slice(0, 23)}') ORDER BY ended`,
    );
    expect(ends.map(({ ended }) => ended)).toEqual([at(20.1), at(30.1)]);
  });

  test('from a moment on whose question was lost: its window begins by the clock, and hides nothing', async () => {
    await build({
      rounds: [
        { at: 0, counters: [a(5_000)] },
        { at: 10, counters: [a(5_101)], marked: false },
        { at: 20, counters: [a(5_202)] },
      ],
      events: [
        { from: 1, to: 8, count: 100 },
        { from: 12, to: 18, count: 60 },
      ],
    });
    expect(
      await store.query(`SELECT ${numbers}, verdict FROM completeness_since(since = '${at(15).slice(0, 23)}')`),
    ).toEqual([{ received: 60, missing: 41, possible: 41, verdict: 'missing' }]);
  });
});
