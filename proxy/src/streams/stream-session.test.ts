import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createMask, failureStatus } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import type { TerminalFrame } from '../recording/asciicast.ts';
import type { Recording } from '../recording/recording.ts';
import { joinTerminal, joinUntouched, type StreamEnd, type TerminalOptions } from './stream-session.ts';
import { createWebSocketWire } from './websocket-wire.ts';

const none = Buffer.alloc(0);
const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const never = new AbortController().signal;
/** An unmasked binary frame on stdout. */
const frameOf = (text: string): Buffer => Buffer.from([0x82, text.length + 1, 1, ...Buffer.from(text)]);
/** What a client types, under a key of zeros. */
const typedFrame = Buffer.from([0x82, 0x83, 0, 0, 0, 0, 0, ...Buffer.from('ls')]);
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function pair(): { near: StreamEnd; far: Duplex } {
  const [near, far] = duplexPair();
  // As over a connection: whoever closes one end is gone for the other.
  far.once('close', () => near.destroy());
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

const optionsWith = (recording: Recording, required: boolean, revoked = never): TerminalOptions => ({
  ...{ wire: createWebSocketWire(), mask, recording, required, recordInput: true, revoked, logger: silent },
  elapsedSeconds: () => 1,
});

test('delivers the last words of a server that closes while they are being recorded', async () => {
  const [client, server] = [pair(), pair()];
  const recording = createSlowRecording();
  const joined = joinTerminal(client.near, server.near, optionsWith(recording, true));
  server.far.write(frameOf('first\n'));
  server.far.end(frameOf('last'));
  expect(await everything(client.far)).toEqual(Buffer.concat([frameOf('first\n'), frameOf('last')]));
  client.far.destroy();
  await joined;
  expect(recording.frames.map(([, , text]) => text).join()).toBe('first\n,last');
  expect(recording.ended).toBe(true);
});

test('ends the session when it must be recorded and cannot be: not a byte of it passes, and the client is told', async () => {
  const [client, server] = [pair(), pair()];
  const recording = createSlowRecording(true);
  const joined = joinTerminal(client.near, server.near, optionsWith(recording, true));
  server.far.write(frameOf('secret'));
  const got = (await everything(client.far)).toString();
  expect(await joined).toEqual({ end: 'failed', bytesIn: 0 });
  expect(got).not.toContain('secret');
  expect(got).toContain('the session was ended: gone');
  expect([client.near.socket.destroyed, server.near.socket.destroyed, recording.ended]).toEqual([true, true, true]);
});

test('goes on without a recorder where that is allowed', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinTerminal(client.near, server.near, optionsWith(createSlowRecording(true), false));
  server.far.end(frameOf('out'));
  expect(await everything(client.far)).toEqual(frameOf('out'));
  client.far.destroy();
  await joined;
});

test('closes the server’s side when the client goes away', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinTerminal(client.near, server.near, optionsWith(createSlowRecording(), true));
  client.far.write(typedFrame);
  await once(server.far, 'readable');
  client.near.socket.destroy();
  expect(await joined).toEqual({ end: 'closed', bytesIn: typedFrame.length });
  expect(server.near.socket.destroyed).toBe(true);
});

test('a client that has not taken all yet is not left: it goes by itself', async () => {
  const [client, server] = [pair(), pair()];
  let isOver = false;
  const joined = joinTerminal(client.near, server.near, optionsWith(createSlowRecording(), true)).then((over) => {
    isOver = true;
    return over;
  });
  server.far.end(frameOf('last'));
  const got: Buffer[] = [];
  client.far.on('data', (chunk: Buffer) => got.push(chunk));
  await once(client.far, 'end');
  expect(Buffer.concat(got)).toEqual(frameOf('last'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([isOver, client.near.socket.destroyed]).toEqual([false, false]);
  client.far.end();
  expect(await joined).toEqual({ end: 'closed', bytesIn: 0 });
});

test('a server that breaks off: its client is left as one is that has been told all', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinTerminal(client.near, server.near, optionsWith(createSlowRecording(), true));
  server.far.write(frameOf('last\n'));
  await once(server.near.socket, 'data');
  server.near.socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  const got: Buffer[] = [];
  client.far.on('data', (chunk: Buffer) => got.push(chunk));
  await once(client.far, 'end');
  expect(Buffer.concat(got)).toEqual(frameOf('last\n'));
  client.far.end();
  expect(await joined).toEqual({ end: 'closed', bytesIn: 0 });
});

test('untouched: carries both ways, and the end of one is the end of the other', async () => {
  const [client, server] = [pair(), pair()];
  const joined = joinUntouched({ ...client.near, head: Buffer.from('head ') }, server.near, never);
  client.far.end('typed');
  server.far.end('printed');
  expect(await Promise.all([everything(server.far), everything(client.far)])).toEqual([
    Buffer.from('head typed'),
    Buffer.from('printed'),
  ]);
  expect(await joined).toEqual({ end: 'closed', bytesIn: 'head typed'.length });
});

test.each(['client', 'server'] as const)(
  'untouched: the %s’s connection is reset: over, as any other is',
  async (side) => {
    const ends = { client: pair(), server: pair() };
    const joined = joinUntouched(ends.client.near, ends.server.near, never);
    ends[side].near.socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    ends[side === 'client' ? 'server' : 'client'].far.resume().on('end', () => ends.client.far.destroy());
    expect(await joined).toEqual({ end: 'closed', bytesIn: 0 });
    expect([ends.client.near.socket.destroyed, ends.server.near.socket.destroyed]).toEqual([true, true]);
  },
);

test('revoked: the client is told why, and nothing more of the server’s passes', async () => {
  const [client, server] = [pair(), pair()];
  const revoking = new AbortController();
  const recording = createSlowRecording();
  const joined = joinTerminal(client.near, server.near, optionsWith(recording, true, revoking.signal));
  server.far.write(frameOf('before\n'));
  await once(client.far, 'readable');
  revoking.abort(failureStatus(403, 'terminals are over'));
  server.far.write(frameOf('after\n'));
  const got = (await everything(client.far)).toString();
  expect(await joined).toEqual({ end: 'cut', bytesIn: 0 });
  expect(got).toContain('before');
  expect(got).toContain('terminals are over');
  expect(got).not.toContain('after');
  expect([server.near.socket.destroyed, recording.ended]).toEqual([true, true]);
});

test('revoked: what passes untouched is cut', async () => {
  const [client, server] = [pair(), pair()];
  const revoking = new AbortController();
  const joined = joinUntouched(client.near, server.near, revoking.signal);
  revoking.abort(failureStatus(403, 'over'));
  expect(await joined).toEqual({ end: 'cut', bytesIn: 0 });
  expect([client.near.socket.destroyed, server.near.socket.destroyed]).toEqual([true, true]);
});
