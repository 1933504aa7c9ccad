import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startStack, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createCaller, type Caller } from '../src/matrix/caller.ts';

interface Window {
  window_start: string;
  window_end: string;
  apiserver: string;
  apiserver_events: number;
  apiserver_errors: number;
  received: number;
  missing: number;
  possible: number;
  verdict: 'complete' | 'missing' | 'waiting' | 'unknown';
}

/**
 * A buffer of a hundred events instead of ten thousand, ten events a batch: what a large cluster loses in an outage of a minute,
 * this one loses in a second.
 */
const apiServerFlags = {
  'audit-webhook-batch-buffer-size': '100',
  'audit-webhook-batch-max-size': '10',
  'audit-webhook-initial-backoff': '1s',
};
/** Longer than the API server tries for here when nobody answers: one, 1.5, 2.25 and 3.4 s. */
const settle = '12s';
const outageMs = 12_000;

describe('the record says what it does not hold', () => {
  let stack: Stack;
  let admin: Caller;
  const rowsOf = async <Row>(statement: string): Promise<Row[]> => {
    const { stdout, stderr, code } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
    if (code !== 0) throw new Error(stderr);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Row);
  };
  const now = (): string => new Date().toISOString().replace('T', ' ').slice(0, -1);
  /** Windows that reach beyond `since`. */
  const windowsSince = (since: string): Promise<Window[]> =>
    rowsOf<Window>(
      `SELECT * REPLACE (toInt32(apiserver_events) AS apiserver_events, toInt32(apiserver_errors) AS apiserver_errors,
         toInt32(received) AS received, toInt32(missing) AS missing, toInt32(possible) AS possible)
       FROM completeness WHERE window_end > '${since}' ORDER BY window_end`,
    );
  /** The windows from `since` on that are final, once they are enough. */
  const finalWindows = (since: string, isEnough: (windows: readonly Window[]) => boolean): Promise<Window[]> =>
    eventually(
      'windows that are final',
      async () => {
        const windows = await windowsSince(since);
        const waiting = windows.findIndex(({ verdict }) => verdict === 'waiting');
        const final = waiting === -1 ? windows : windows.slice(0, waiting);
        return isEnough(final) ? final : undefined;
      },
      90_000,
    );
  const atLeast =
    (count: number) =>
    (windows: readonly Window[]): boolean =>
      windows.length >= count;
  /** Something was missing, or is not known; and then all was well again. */
  const isOver =
    (...verdicts: Window['verdict'][]) =>
    (windows: readonly Window[]): boolean =>
      windows.some(({ verdict }) => verdicts.includes(verdict)) && windows.at(-1)?.verdict === 'complete';
  const sumOf = (windows: readonly Window[], column: 'missing' | 'possible' | 'apiserver_errors'): number =>
    windows.reduce((sum, window) => sum + window[column], 0);
  /** Reads, each an event. */
  const traffic = async (count: number, atOnce = 1): Promise<void> => {
    const some = Array.from({ length: count }, (_, i) => i);
    while (some.length > 0) {
      await Promise.all(
        some.splice(0, atOnce).map((i) => admin.send('GET', `/api/v1/namespaces/default/configmaps/n-${String(i)}`)),
      );
    }
  };
  const signalSink = (signal: NodeJS.Signals): void => {
    const { pid } = stack.service('auditsink');
    if (pid === undefined) throw new Error('the sink is down');
    process.kill(pid, signal);
  };
  const apiServer = () => {
    const found = stack.controlPlane.find(({ name }) => name === 'kube-apiserver');
    if (found === undefined) throw new Error('no API server');
    return found;
  };

  beforeAll(async () => {
    stack = await startStack({
      apiServerFlags,
      auditsinkFlags: ['--completeness-every', '2s', '--completeness-settle', settle],
    });
    admin = createCaller(stack.urls.apiServer, stack.caFile, stack.files.admin);
  }, 240_000);
  afterAll(async () => {
    admin?.close();
    await stack?.close();
  }, 60_000);

  test('traffic as usual: every window is complete, and what was counted was received', async () => {
    const since = now();
    // A watch is told of twice, when it starts and when it ends; and counted twice.
    const watch = stack.kubectlStart('admin', ['get', 'configmaps', '-n', 'default', '--watch-only']);
    for (let i = 0; i < 40; i += 1) {
      await traffic(5, 5);
      await sleep(100);
      if (i === 20) watch.kill();
    }
    // What the audit policy leaves out (heartbeats, above all) is neither told nor counted.
    expect((await admin.send('GET', '/metrics')).text).toMatch(/^apiserver_audit_level_total\{level="None"\} [1-9]/m);
    const windows = await finalWindows(since, atLeast(3));
    expect([...new Set(windows.map(({ verdict }) => verdict))]).toEqual(['complete']);
    expect(sumOf(windows, 'missing')).toBe(0);
    const [watched] = await rowsOf<{ stages: string[] }>(
      `SELECT arraySort(groupUniqArray(stage)) AS stages FROM audit_events
       WHERE verb = 'watch' AND username = 'admin' AND resource = 'configmaps'`,
    );
    expect(watched?.stages).toEqual(['ResponseComplete', 'ResponseStarted']);
  }, 120_000);

  test('our own question is on record, and marks where the counter was read', async () => {
    const row = await eventually('some questions', async () => {
      const [found] = await rowsOf<{ asked: number; found: number }>(
        `SELECT toInt32(count()) AS asked,
           toInt32(countIf(audit_id IN (SELECT audit_id FROM audit_events WHERE username LIKE '%:holdpoint-auditsink'))) AS found
         FROM apiserver_counters WHERE scraped_at < now64(3) - INTERVAL 5 SECOND`,
      );
      return found !== undefined && found.asked > 3 ? found : undefined;
    });
    expect(row.found).toBe(row.asked);
  });

  test('a sink that stands still for a moment: its windows wait, and are complete in the end', async () => {
    const since = now();
    signalSink('SIGSTOP');
    await traffic(20);
    await sleep(4_000);
    signalSink('SIGCONT');
    const windows = await finalWindows(since, atLeast(2));
    expect([...new Set(windows.map(({ verdict }) => verdict))]).toEqual(['complete']);
  }, 120_000);

  test('a flood while it stands still: the API server drops events, and the record says how many', async () => {
    const since = now();
    signalSink('SIGSTOP');
    await traffic(3_000, 8);
    signalSink('SIGCONT');
    const windows = await finalWindows(since, isOver('missing'));
    const missing = sumOf(windows, 'missing');
    expect(missing).toBeGreaterThan(100);
    // What the API server says it gave up lies between what is certainly missing and what may be.
    expect(sumOf(windows, 'apiserver_errors')).toBeGreaterThanOrEqual(missing);
    expect(sumOf(windows, 'apiserver_errors')).toBeLessThanOrEqual(sumOf(windows, 'possible'));
    await eventually('the sink says so in its log', async () =>
      readFileSync(stack.service('auditsink').logFile, 'utf8').includes('audit events are missing') ? true : undefined,
    );
  }, 120_000);

  test('an outage of the sink that is longer than the API server tries', async () => {
    const since = now();
    await stack.service('auditsink').stop();
    await traffic(50);
    await sleep(outageMs);
    await stack.service('auditsink').start();
    const windows = await finalWindows(since, isOver('missing'));
    const outage = windows.filter(({ verdict }) => verdict === 'missing');
    expect(sumOf(outage, 'missing')).toBeGreaterThanOrEqual(50);
    expect(sumOf(outage, 'apiserver_errors')).toBeGreaterThanOrEqual(50);
  }, 180_000);

  const queries = [
    ...readFileSync(inRepository('docs', 'howto', 'completeness.md'), 'utf8').matchAll(/```sql\n([^]*?)```/g),
  ];
  test.each(queries.map(([, statement = '']) => ({ statement })))(
    'docs/howto/completeness.md asks: $statement',
    async ({ statement }) => {
      expect((await rowsOf(statement)).length).toBeGreaterThan(statement.includes('bypass') ? -1 : 0);
    },
  );

  test('a restart of the API server', async () => {
    const since = now();
    apiServer().kill();
    await eventually('it answers', async () => {
      const answer = await admin.send('GET', '/readyz').catch(() => undefined);
      return answer?.code === 200 ? true : undefined;
    });
    const windows = await finalWindows(since, isOver('missing', 'unknown'));
    // What the old process did after it was last asked, nobody knows; so that window is never called complete.
    const runs = await rowsOf<{ runs: number }>(
      'SELECT toInt32(uniqExact(started_at)) AS runs FROM apiserver_counters',
    );
    expect(runs).toEqual([{ runs: 2 }]);
    expect(windows.filter(({ verdict }) => verdict === 'unknown' || verdict === 'missing')).not.toEqual([]);
  }, 180_000);
});
