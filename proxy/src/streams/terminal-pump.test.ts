import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { pipeRecorded } from './recorded-pipe.ts';

/** An unmasked binary frame on stdout. */
const frameOf = (text: string): Buffer => Buffer.from([0x82, text.length + 1, 1, ...Buffer.from(text)]);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('forwards a frame only after it is recorded', async () => {
  const [source, sink] = [new PassThrough(), new PassThrough()];
  const recorded: TerminalFrame[] = [];
  let acknowledge = (): void => undefined;
  const done = pipeRecorded(
    source,
    sink,
    frameOf('head'),
    'server',
    () => 5,
    (frames) => {
      recorded.push(...frames);
      return new Promise((resolve) => (acknowledge = resolve));
    },
  );
  await turn();
  expect(recorded).toEqual([[5, 'o', 'head']]);
  expect(sink.read()).toBe(null);
  acknowledge();
  await turn();
  expect(sink.read()).toEqual(frameOf('head'));

  const [one, two] = [frameOf('one').subarray(0, 3), frameOf('one').subarray(3)];
  source.write(one);
  await turn();
  expect(sink.read()).toBe(null);
  source.write(two);
  await turn();
  acknowledge();
  source.end();
  await done;
  expect(sink.read()).toEqual(frameOf('one'));
});

test('forwards nothing that could not be recorded', async () => {
  const [source, sink] = [new PassThrough(), new PassThrough()];
  source.end(frameOf('lost'));
  const done = pipeRecorded(
    source,
    sink,
    Buffer.alloc(0),
    'server',
    () => 0,
    () => Promise.reject(new Error('gone')),
  );
  await expect(done).rejects.toThrow('gone');
  expect(sink.read()).toBe(null);
});
