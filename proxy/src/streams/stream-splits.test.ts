import { createHash } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createMask, HoldpointError } from '@holdpoint/core';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { clientSample, controlSample, openingSample, serverSample } from './frame-samples.ts';
import { createMaskedOutput } from './masked-output.ts';
import { controlTypes, createSpdyFrameReader, dataFrames } from './spdy-frames.ts';
import { createSpdyWire } from './spdy-wire.ts';
import type { TerminalWire } from './terminal-wire.ts';
import { createFrameReader } from './websocket-frames.ts';
import { createWebSocketWire } from './websocket-wire.ts';

/** `npm run fuzz:streams` sets more, and draws anew each time. */
const asked = process.env['HOLDPOINT_FUZZ_RUNS'];
const numRuns = Number(asked ?? 60);
fc.configureGlobal(asked === undefined ? { seed: 23 } : {});
jest.setTimeout(60_000 + numRuns * 100);
const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const token = `ghp_${'a1B2'.repeat(9)}`;
const types = ['error', 'stdin', 'stdout', 'stderr', 'resize'];
const spdyOpening = await openingSample(types);
const spdyPing = controlSample(controlTypes.ping, Buffer.alloc(4));

type Output = 'stdout' | 'stderr';
interface Protocol {
  name: string;
  open(): Promise<TerminalWire>;
  /** One message of the server's, in as many frames as there are pieces; pings between them. */
  said(of: Output, pieces: readonly Buffer[]): Buffer;
  /** What the client reads on each output. */
  outputs(bytes: Buffer): Record<Output, string>;
}

const channels = { stdout: 1, stderr: 2 } as const;
const streams = { stdout: 5, stderr: 7 } as const;
const protocols: Protocol[] = [
  {
    name: 'WebSocket',
    open: async () => createWebSocketWire(),
    said: (of, pieces) =>
      Buffer.concat(
        pieces.flatMap((piece, at) => [
          serverSample(at === 0 ? Buffer.concat([Buffer.from([channels[of]]), piece]) : piece, {
            opcode: at === 0 ? 2 : 0,
            fin: at === pieces.length - 1,
          }),
          serverSample(Buffer.from('ping'), { opcode: 9 }),
        ]),
      ),
    outputs(bytes) {
      const messages = createFrameReader()(bytes).filter(({ opcode }) => opcode < 8);
      const read = (channel: number): string =>
        messages
          .filter(({ payload }) => payload[0] === channel)
          .map(({ payload }) => payload.toString('latin1', 1))
          .join('');
      return { stdout: read(channels.stdout), stderr: read(channels.stderr) };
    },
  },
  {
    name: 'SPDY',
    async open() {
      const wire = createSpdyWire();
      await wire.fromClient(spdyOpening);
      return wire;
    },
    said: (of, pieces) => Buffer.concat(pieces.flatMap((piece) => [dataFrames(streams[of], piece, false), spdyPing])),
    outputs(bytes) {
      const frames = createSpdyFrameReader()(bytes);
      const read = (stream: number): string =>
        frames
          .map((frame) => (frame.kind === 'data' && frame.stream === stream ? frame.payload.toString('latin1') : ''))
          .join('');
      return { stdout: read(streams.stdout), stderr: read(streams.stderr) };
    },
  },
];

const printed = fc.array(
  fc.constantFrom(
    ...[
      '\n',
      '\r\n',
      ' ',
      '$ ',
      token,
      'DB_PASSWORD=',
      'hunter2-Long',
      'grün',
      '\0',
      '\xff',
      '\x1b[31m',
      'kind: Secret\n',
      'data:\n  a: YWJj\n',
    ],
    ...['-----BEGIN PRIVATE KEY-----\n', 'MIIEpAIBAAKCAQEA\n', '-----END PRIVATE KEY-----\n', 'x'.repeat(500)],
  ),
  { maxLength: 8 },
);
const messages = fc.array(
  fc.record({
    of: fc.constantFrom<Output>('stdout', 'stderr'),
    bytes: printed.map((parts) =>
      Buffer.concat(parts.map((part) => Buffer.from(part, part === '\xff' ? 'latin1' : 'utf8'))),
    ),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const cutsOf = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 16 });

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => Math.floor(at * bytes.length)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end));
}

async function carry(
  protocol: Protocol,
  chunks: readonly Buffer[],
): Promise<{ bytes: Buffer; frames: TerminalFrame[] }> {
  const wire = await protocol.open();
  const output = createMaskedOutput(mask, wire);
  const all = [];
  try {
    for (const chunk of chunks) all.push(output.take(await wire.fromServer(chunk), 0));
    all.push(output.end(0));
  } finally {
    wire.close();
  }
  return { bytes: Buffer.concat(all.flatMap(({ raw }) => raw)), frames: all.flatMap(({ frames }) => frames) };
}

const textOf = (frames: readonly TerminalFrame[]): string => frames.map(([, , text]) => text).join('');

test.each(protocols)(
  '$name: the same bytes and the same recording, wherever the connection’s bytes are cut',
  async (protocol) => {
    await fc.assert(
      fc.asyncProperty(messages, cutsOf, async (said, cuts) => {
        const bytes = Buffer.concat(said.map((each) => protocol.said(each.of, cut(each.bytes, each.cuts))));
        expect(await carry(protocol, cut(bytes, cuts))).toEqual(await carry(protocol, [bytes]));
      }),
      { numRuns },
    );
  },
);

test.each(protocols)(
  '$name: the same output and the same recorded text, wherever the frames are cut; no token',
  async (protocol) => {
    await fc.assert(
      fc.asyncProperty(messages, async (said) => {
        const inPieces = await carry(
          protocol,
          said.map((each) => protocol.said(each.of, cut(each.bytes, each.cuts))),
        );
        const whole = await carry(
          protocol,
          said.map((each) => protocol.said(each.of, [each.bytes])),
        );
        expect(protocol.outputs(inPieces.bytes)).toEqual(protocol.outputs(whole.bytes));
        expect(textOf(inPieces.frames)).toBe(textOf(whole.frames));
        expect(whole.bytes.includes(` ${token} `)).toBe(false);
      }),
      { numRuns },
    );
  },
);

/** A frame or two of either side, for a fuzzer to spoil. */
const spoiled = (valid: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.tuple(fc.nat({ max: Math.max(0, valid.length - 1) }), fc.nat({ max: 255 })), { maxLength: 6 })
    .map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

test.each(protocols)('$name: whatever a server sends is masked or refused', async (protocol) => {
  const valid = Buffer.concat([
    protocol.said('stdout', [Buffer.from(`a ${token.slice(0, 20)}`), Buffer.from(`${token.slice(20)} b\n`)]),
    protocol.said('stderr', [Buffer.from(`${token}\n`)]),
  ]);
  await fc.assert(
    fc.asyncProperty(fc.oneof(spoiled(valid), anything), cutsOf, async (bytes, cuts) => {
      try {
        const { stdout, stderr } = protocol.outputs((await carry(protocol, cut(bytes, cuts))).bytes);
        // Where a spoiled byte before it makes it the end of a longer word, it is no token.
        expect(`${stdout}\n${stderr}`).not.toMatch(new RegExp(`(?<![\\w-])${token}`));
      } catch (error) {
        if (!(error instanceof HoldpointError)) throw error;
        expect(error.code).toBe('ERR_MASK_UNREADABLE');
      }
    }),
    { numRuns: numRuns * 4 },
  );
});

const said: Record<string, Buffer> = {
  WebSocket: Buffer.concat([
    clientSample(Buffer.from('\0ls\n')),
    clientSample(Buffer.from('\x04{"Width":80,"Height":24}')),
  ]),
  SPDY: Buffer.concat([
    spdyOpening,
    dataFrames(3, Buffer.from('ls\n'), false),
    dataFrames(9, Buffer.from('{"Width":80,"Height":24}\n'), true),
  ]),
};
test.each(protocols)('$name: whatever a client sends is passed as it came, or refused', async ({ name }) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(spoiled(said[name] ?? Buffer.alloc(0)), anything), cutsOf, async (bytes, cuts) => {
      const wire = name === 'SPDY' ? createSpdyWire() : createWebSocketWire();
      try {
        let passed = Buffer.alloc(0);
        for (const chunk of cut(bytes, cuts)) {
          passed = Buffer.concat([passed, ...(await wire.fromClient(chunk)).map(({ raw }) => raw)]);
        }
        expect(bytes.subarray(0, passed.length).equals(passed)).toBe(true);
      } catch (error) {
        if (!(error instanceof HoldpointError)) throw error;
        expect(error.code).toBe('ERR_MASK_UNREADABLE');
      } finally {
        wire.close();
      }
    }),
    { numRuns: numRuns * 4 },
  );
});
