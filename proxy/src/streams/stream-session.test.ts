import { duplexPair, type Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import type { TerminalFrame } from '../recording/asciicast.ts';
import type { Recording } from '../recording/recording.ts';
import { joinRecorded, joinUntouched, type StreamEnd } from './stream-session.ts';

const none = Buffer.alloc(0);
/** An unmasked binary frame on stdout. */
const frameOf = (text: string): Buffer => Buffer.from([0x82, text.length + 1, 1, ...Buffer.from(text)]);
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function pair(): { near: StreamEnd; far: Duplex } {
  const [near, far] = duplexPair();
  return { near: { socket: near, head: none }, far };
}

async function everything(source: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // Cut off: what came before is what the test asks about.
  }
  return Buffer.concat(chunks);
}

/** Takes its time, as a recorder across the network does. */
function createSlowRecording(fails = false): Recording & { frames: TerminalFrame[]; ended: boolean } {
  const recording = {
    frames: [] as TerminalFrame[],
    ended: false,
    async add(frames: TerminalFrame[]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (fails) throw new Error('gone');
      recording.frames.push(...frames);
    },
    async end() {
      recording.ended = true;
      return !fails;
    },
  };
  return recording;
}

test('delivers the last words of a server that closes while they are being recorded', async () => {
  const [client, server] = [pair(), pair()];
  const recording = createSlowRecording();
  const joined = joinRecorded(client.near, server.near, recording, {
    required: true,
    elapsedSeconds: () => 1,
    logger: silent,
  });
  server.far.write(frameOf('first'));
  server.far.end(frameOf('last'));
  expect(await everything(client.far)).toEqual(Buffer.concat([frameOf('first'), frameOf('last')]));
  client.far.destroy();
  await joined;
  expect(recording.frames.map(([, , text]) => text).join()).toBe('first,last');
  expect(recording.ended).toBe(true);
});

test('closes the session when it must be recorded and cannot be; not a byte passes', async () => {
  const [client, server] = [pair(), pair()];
  const recording = createSlowRecording(true);
  const joined = joinRecorded(client.near, server.near, recording, {
    required: true,
    elapsedSeconds: () => 1,
    logger: silent,
  });
  server.far.write(frameOf('secret'));
  await joined;
  expect(client.far.read()).toBe(null);
  expect([client.near.socket.destroyed, server.near.socket.destroyed, recording.ended]).toEqual([true, true, true]);
});

test('goes on without a recorder where that is allowed', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinRecorded(client.near, server.near, createSlowRecording(true), {
    required: false,
    elapsedSeconds: () => 1,
    logger: silent,
  });
  server.far.end(frameOf('out'));
  expect(await everything(client.far)).toEqual(frameOf('out'));
  client.far.destroy();
  await joined;
});

test('closes the server’s side when the client goes away', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinRecorded(client.near, server.near, createSlowRecording(), {
    required: true,
    elapsedSeconds: () => 1,
    logger: silent,
  });
  client.near.socket.destroy();
  await joined;
  expect(server.near.socket.destroyed).toBe(true);
});

test('untouched: carries both ways, and the end of one is the end of the other', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinUntouched({ ...client.near, head: Buffer.from('head ') }, server.near);
  client.far.end('typed');
  server.far.end('printed');
  expect(await Promise.all([everything(server.far), everything(client.far)])).toEqual([
    Buffer.from('head typed'),
    Buffer.from('printed'),
  ]);
  await joined;
});
