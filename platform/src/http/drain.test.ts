import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { describe, expect, test } from '@jest/globals';
import { createDrain } from './drain.ts';

type FakeResponse = EventEmitter & { shouldKeepAlive: boolean };

/** A server that tells what is done to it, and a clock that stands still until it is moved on. */
function fake() {
  const events: string[] = [];
  const emitter = new EventEmitter();
  let closed: () => void = () => undefined;
  const server = Object.assign(emitter, {
    close: (done: () => void) => {
      events.push('close');
      closed = done;
    },
    closeIdleConnections: () => void events.push('closeIdleConnections'),
    closeAllConnections: () => void events.push('closeAllConnections'),
  });
  let wake: () => void = () => undefined;
  const sleep = (ms: number): Promise<void> => {
    events.push(`sleep ${String(ms)}`);
    return new Promise((resolve) => (wake = resolve));
  };
  const onClosing = (): void => void events.push('onClosing');
  const drain = createDrain(server as unknown as Server, { delayMs: 5_000, graceMs: 10_000, onClosing, sleep });
  return {
    drain,
    events,
    wake: () => wake(),
    lastClientGoes: () => closed(),
    asked: (): FakeResponse => {
      const response = Object.assign(new EventEmitter(), { shouldKeepAlive: true });
      emitter.emit('request', {}, response as unknown as ServerResponse);
      return response;
    },
  };
}

describe('createDrain', () => {
  test('not called: nothing is changed', () => {
    const { drain, events, asked } = fake();
    expect(asked().shouldKeepAlive).toBe(true);
    expect(drain.isDraining()).toBe(false);
    expect(events).toEqual([]);
  });

  test('not ready at once; the listener is closed only after the delay; done when the last client has gone', async () => {
    const { drain, events, wake, lastClientGoes } = fake();
    let done = false;
    const running = drain.run().then(() => (done = true));
    expect(drain.isDraining()).toBe(true);
    expect(events).toEqual(['sleep 5000']);
    wake();
    await new Promise(setImmediate);
    expect(events).toEqual(['sleep 5000', 'onClosing', 'close', 'closeIdleConnections']);
    expect(done).toBe(false);
    lastClientGoes();
    await running;
    expect(events).toEqual(['sleep 5000', 'onClosing', 'close', 'closeIdleConnections']);
  });

  test('what comes during the delay, and what was under way before: each answer has the client let go', () => {
    const { drain, asked } = fake();
    const underWay = asked();
    const answered = asked();
    answered.emit('close');
    void drain.run();
    expect({
      underWay: underWay.shouldKeepAlive,
      answered: answered.shouldKeepAlive,
      meanwhile: asked().shouldKeepAlive,
    }).toEqual({ underWay: false, answered: true, meanwhile: false });
  });
});
