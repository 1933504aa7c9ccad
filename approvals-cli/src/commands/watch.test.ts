import { expect, test } from '@jest/globals';
import { KubeApiError, type KubeClient, type RawClient } from '@holdpoint/platform';
import { createStyle } from '../output/style.ts';
import { watchHolds, type WatchOptions } from './watch.ts';

const hold = (name: string, phase: string, username = 'bot') => ({
  metadata: { name },
  spec: {
    subject: { username, groups: [] },
    request: {
      operation: 'DELETE',
      resource: { group: '', version: 'v1', resource: 'pods' },
      name: 'web',
      kind: 'Pod',
    },
    policy: 'p',
    rule: 'r',
    expiresAt: '2026-01-01T01:00:00Z',
  },
  status: { phase, decisions: [] },
});
const event = (type: string, object: object): string => JSON.stringify({ type, object });

/** Each round is one connection: what is listed, and the lines that come until it ends. */
async function watched(rounds: { items: object[]; lines: string[] }[], options: Partial<WatchOptions> = {}) {
  const ending = new AbortController();
  const [printed, told, asked]: string[][] = [[], [], []];
  let round = -1;
  const raw = {
    get: (_path: string, { query }: { query: Record<string, string> }) => {
      round += 1;
      asked?.push(query['fieldSelector'] ?? '');
      return Promise.resolve({ items: rounds[round]?.items ?? [], metadata: { resourceVersion: '7' } });
    },
    async *lines() {
      yield* rounds[round]?.lines ?? [];
      if (round >= rounds.length - 1) ending.abort();
      await Promise.resolve();
    },
  };
  const context = {
    kube: () => ({}) as KubeClient,
    raw: () => raw as unknown as RawClient,
    style: createStyle(false),
    print: (text: string) => void printed?.push(text),
    write: (text: string) => void printed?.push(JSON.stringify(text)),
    warn: () => undefined,
    now: () => Date.parse('2026-01-01T00:00:00Z'),
  };
  const onPending = (name: string): void => void told?.push(name);
  await watchHolds(context, { all: false, bell: false, onPending, signal: ending.signal, ...options });
  return { printed, told, asked };
}
const line = (name: string, phase: string) => `${name}  ${phase}  bot  DELETE pods/web  p/r`;

test('new holds, each once, also over a broken connection', async () => {
  const rounds = [
    { items: [hold('h-1', 'Pending')], lines: [event('ADDED', hold('h-2', 'Pending')), event('BOOKMARK', {})] },
    { items: [hold('h-1', 'Pending'), hold('h-3', 'Pending')], lines: [event('DELETED', hold('h-2', 'Used'))] },
  ];
  expect(await watched(rounds)).toEqual({
    printed: [line('h-1', 'Pending'), line('h-2', 'Pending'), line('h-3', 'Pending')],
    told: ['h-1', 'h-2', 'h-3'],
    asked: ['status.phase=Pending', 'status.phase=Pending'],
  });
});

test('all: what becomes of them too; of what was over before, nothing; a bell for new ones', async () => {
  const rounds = [
    {
      items: [hold('h-0', 'Used'), hold('h-1', 'Pending')],
      lines: [event('MODIFIED', hold('h-1', 'Pending')), event('MODIFIED', hold('h-1', 'Used'))],
    },
  ];
  expect(await watched(rounds, { all: true, bell: true })).toEqual({
    printed: [line('h-1', 'Pending'), '"\\u0007"', line('h-1', 'Used')],
    told: ['h-1'],
    asked: [''],
  });
});

test('a name that would draw, or begin a line: cannot', async () => {
  const { printed } = await watched([{ items: [hold('h-1', 'Pending', 'bot\u001b[2J\nh-9')], lines: [] }]);
  expect(printed).toEqual(['h-1  Pending  bot\ufffd[2J\ufffdh-9  DELETE pods/web  p/r']);
});

test('who may not see holds: refused, and not asked again', async () => {
  const raw = { get: () => Promise.reject(new KubeApiError(403, undefined, undefined)) };
  const context = { raw: () => raw, warn: () => undefined, now: () => 0 } as never;
  const watching = watchHolds(context, { all: false, bell: false, signal: new AbortController().signal });
  await expect(watching).rejects.toMatchObject({ code: 403 });
});
