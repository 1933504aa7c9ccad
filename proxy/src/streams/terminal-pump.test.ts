import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { clientSample, serverSample } from './frame-samples.ts';
import { createMaskedOutput } from './masked-output.ts';
import { pumpInput, pumpOutput, type PumpOptions } from './terminal-pump.ts';
import { createWebSocketWire } from './websocket-wire.ts';

const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const token = `ghp_${'a1B2'.repeat(9)}`;
const out = (text: string): Buffer => serverSample(Buffer.from(`\u0001${text}`));
const typed = (text: string): Buffer => clientSample(Buffer.from(`\u0000${text}`));
/** Of a client's, under a key of zeros. */
const ping = Buffer.from([0x89, 0x81, 0, 0, 0, 0, 7]);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const head: Buffer = Buffer.alloc(0);

function printing(
  record: PumpOptions['record'],
  first = head,
): { source: PassThrough; sink: PassThrough; done: Promise<void> } {
  const [source, sink, wire] = [new PassThrough(), new PassThrough(), createWebSocketWire()];
  const done = pumpOutput({ source, sink, head: first }, wire, createMaskedOutput(mask, wire), {
    seconds: () => 5,
    record,
  });
  return { source, sink, done };
}

test('forwards a frame only after it is recorded', async () => {
  const recorded: TerminalFrame[] = [];
  let acknowledge = (): void => undefined;
  const { source, sink, done } = printing((frames) => {
    recorded.push(...frames);
    return new Promise<void>((resolve) => (acknowledge = resolve));
  }, out('head\n'));
  await turn();
  await turn();
  expect(recorded).toEqual([[5, 'o', 'head\n']]);
  expect(sink.read()).toBe(null);
  acknowledge();
  await turn();
  expect(sink.read()).toEqual(out('head\n'));

  const [one, two] = [out('one\n').subarray(0, 3), out('one\n').subarray(3)];
  source.write(one);
  await turn();
  expect(recorded.length).toBe(1);
  source.write(two);
  while (recorded.length === 1) await turn();
  expect(sink.read()).toBe(null);
  acknowledge();
  source.end();
  await done;
  expect(sink.read()).toEqual(out('one\n'));
});

test('forwards nothing that could not be recorded', async () => {
  const { source, sink, done } = printing(() => Promise.reject(new Error('gone')));
  source.end(out('lost\n'));
  await expect(done).rejects.toThrow('gone');
  expect(sink.read()).toBe(null);
});

test('a server that is silent after words that could not be recorded is not waited for', async () => {
  const { source, sink, done } = printing(() => Promise.reject(new Error('gone')));
  source.write(out('lost\n'));
  await expect(done).rejects.toThrow('gone');
  expect(sink.read()).toBe(null);
});

test('while one piece is being recorded the next is read, and neither overtakes the other', async () => {
  const recorded: string[] = [];
  const acknowledge: (() => void)[] = [];
  const { source, sink, done } = printing((frames) => {
    recorded.push(...frames.map(([, , text]) => text));
    return new Promise<void>((resolve) => acknowledge.push(resolve));
  });
  for (const text of ['one\n', 'two\n', 'three\n']) {
    source.write(out(text));
    await turn();
  }
  source.end();
  while (acknowledge.length < 1) await turn();
  await turn();
  expect([recorded, sink.read()]).toEqual([['one\n'], null]);
  for (let at = 0; recorded.length < 3 || at < acknowledge.length;) {
    if (at < acknowledge.length) acknowledge[at++]?.();
    await turn();
  }
  await done;
  expect(recorded.join('')).toBe('one\ntwo\nthree\n');
  expect(sink.read()).toEqual(Buffer.concat(['one\n', 'two\n', 'three\n'].map(out)));
});

test('a server that breaks off has its last words recorded and shown first', async () => {
  let acknowledge = (): void => undefined;
  const { source, sink, done } = printing(() => new Promise<void>((resolve) => (acknowledge = resolve)));
  source.write(out('last\n'));
  await turn();
  await turn();
  source.destroy();
  await turn();
  expect(sink.read()).toBe(null);
  acknowledge();
  await expect(done).rejects.toThrow('broke off');
  expect(sink.read()).toEqual(out('last\n'));
});

test('a prompt has no newline, and is shown all the same; the token printed after it is not', async () => {
  const { source, sink, done } = printing(() => Promise.resolve());
  const shown: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => shown.push(chunk));
  source.write(out('name: '));
  while (shown.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(Buffer.concat(shown)).toEqual(out('name: '));
  source.write(out(token.slice(0, 8)));
  source.end(out(token.slice(8)));
  await done;
  expect(Buffer.concat(shown).toString()).toContain('holdpoint-mask:v1:');
  expect(Buffer.concat(shown).toString()).not.toContain(token.slice(0, 8));
});

test.each([
  { answered: true, situation: 'answered here', want: Buffer.concat([typed('a'), typed('b')]) },
  { answered: false, situation: 'passed on', want: Buffer.concat([typed('a'), ping, typed('b')]) },
])('a ping is $situation, and what is typed around it goes on', async ({ answered, want }) => {
  const [source, sink] = [new PassThrough(), new PassThrough()];
  const pongs: Buffer[] = [];
  source.end(Buffer.concat([typed('a'), ping, typed('b')]));
  await pumpInput({ source, sink, head }, createWebSocketWire(), {
    ...{ seconds: () => 5, record: async () => undefined, recordInput: true },
    answered(pong) {
      pongs.push(pong);
      return answered;
    },
  });
  expect([pongs, sink.read()]).toEqual([[Buffer.from([0x8a, 1, 7])], want]);
});

test.each([
  { recordInput: true, want: ['l', 's\n'] },
  { recordInput: false, want: [] },
])(
  'what is typed goes on as it came, and is recorded where that is wanted: $recordInput',
  async ({ recordInput, want }) => {
    const [source, sink] = [new PassThrough(), new PassThrough()];
    const recorded: TerminalFrame[] = [];
    const sent = Buffer.concat([typed('l'), typed('s\n')]);
    source.end(sent);
    await pumpInput({ source, sink, head }, createWebSocketWire(), {
      seconds: () => 5,
      record: async (frames) => void recorded.push(...frames),
      recordInput,
      answered: () => false,
    });
    expect(recorded).toEqual(want.map((text) => [5, 'i', text]));
    expect(sink.read()).toEqual(sent);
  },
);
