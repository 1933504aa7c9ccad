import { expect, test } from '@jest/globals';
import { createGate } from './gate.ts';

const stays = new AbortController().signal;
/** What has settled by now, by its name. */
async function settled(promises: Record<string, Promise<unknown>>): Promise<string[]> {
  const done: string[] = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then(
      () => done.push(name),
      () => done.push(`not ${name}`),
    );
  }
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

test('so many at once, and the rest in the order they came', async () => {
  const gate = createGate({ running: 2, waiting: 2 });
  const [leaveFirst] = await Promise.all([gate.enter(stays), gate.enter(stays)]);
  const waiting = { third: gate.enter(stays), fourth: gate.enter(stays) };
  expect(await settled(waiting)).toEqual([]);
  await expect(gate.enter(stays)).rejects.toMatchObject({ code: 'ERR_INTAKE_BUSY' });
  leaveFirst();
  expect(await settled(waiting)).toEqual(['third']);
  (await waiting.third)();
  expect(await settled(waiting)).toEqual(['third', 'fourth']);
});

test('leaving twice lets in no more than one', async () => {
  const gate = createGate({ running: 1, waiting: 2 });
  const leave = await gate.enter(stays);
  const waiting = { second: gate.enter(stays), third: gate.enter(stays) };
  leave();
  leave();
  expect(await settled(waiting)).toEqual(['second']);
});

test('whoever goes away while it waits leaves its place to others', async () => {
  const gate = createGate({ running: 1, waiting: 1 });
  const leave = await gate.enter(stays);
  const sender = new AbortController();
  const gone = gate.enter(sender.signal);
  sender.abort();
  await expect(gone).rejects.toThrow('the sender has gone');
  const next = gate.enter(stays);
  leave();
  (await next)();
  // All have left: there is room for one again.
  await gate.enter(stays);
});

test('whoever has gone already does not wait', async () => {
  const gate = createGate({ running: 1, waiting: 1 });
  await gate.enter(stays);
  await expect(gate.enter(AbortSignal.abort())).rejects.toThrow('the sender has gone');
});
