import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { superviseInformer, type Startable } from './supervised-informer.ts';

/** How one start goes: it holds, it rejects, it tells of an error by the event, or both at once. */
type Start = 'holds' | 'rejects' | 'tells' | 'rejects and tells';

function scripted(starts: readonly Start[]) {
  const heard: ((error: unknown) => void)[] = [];
  let started = 0;
  let stopped = 0;
  const informer: Startable = {
    async start() {
      const how = starts[started] ?? 'holds';
      started += 1;
      if (how.endsWith('tells')) for (const listener of heard) listener(new Error('told'));
      if (how.startsWith('rejects')) throw new Error('rejected');
    },
    async stop() {
      stopped += 1;
    },
    on: (_verb, listener) => void heard.push(listener),
  };
  const breakNow = (): void => heard.forEach((listener) => listener(new Error('watch closed')));
  return { informer, started: () => started, stopped: () => stopped, breakNow };
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await turn();
};

test.each<{ situation: string; starts: Start[]; wantStarts: number; wantErrors: string[] }>([
  { situation: 'it holds: started once', starts: ['holds'], wantStarts: 1, wantErrors: [] },
  { situation: 'its start is rejected: started again', starts: ['rejects'], wantStarts: 2, wantErrors: ['rejected'] },
  { situation: 'it tells of an error: started again', starts: ['tells'], wantStarts: 2, wantErrors: ['told'] },
  {
    situation: 'both, for one break: started again once',
    starts: ['rejects and tells'],
    wantStarts: 2,
    wantErrors: ['told', 'rejected'],
  },
  {
    situation: 'the API server stays away: started until it is back',
    starts: ['rejects', 'tells', 'rejects', 'holds'],
    wantStarts: 4,
    wantErrors: ['rejected', 'told', 'rejected'],
  },
])('$situation', async ({ starts, wantStarts, wantErrors }) => {
  const { informer, started } = scripted(starts);
  const errors: string[] = [];
  const { ready } = superviseInformer(
    informer,
    (error) => void errors.push((error as Error).message),
    () => turn(),
  );
  let startsWhenReady: number | undefined;
  void ready.then(() => (startsWhenReady = started()));
  await settle();
  expect([started(), errors]).toEqual([wantStarts, wantErrors]);
  // Ready by the start that held, and by none before.
  expect(startsWhenReady).toBe(wantStarts);
});

test('a watch that breaks later is started again; one that was stopped is not', async () => {
  const { informer, started, stopped, breakNow } = scripted([]);
  const errors: unknown[] = [];
  const { stop } = superviseInformer(
    informer,
    (error) => void errors.push(error),
    () => turn(),
  );
  breakNow();
  await settle();
  expect([started(), errors.length]).toEqual([2, 1]);
  await stop();
  breakNow();
  await settle();
  expect([started(), stopped(), errors.length]).toEqual([2, 1, 1]);
});

test('stopped while it waits to start again: it stays stopped', async () => {
  const { informer, started, breakNow } = scripted([]);
  const { stop } = superviseInformer(
    informer,
    () => undefined,
    () => turn(),
  );
  breakNow();
  await stop();
  await settle();
  expect(started()).toBe(1);
});
