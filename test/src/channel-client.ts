import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';

/** What a session said, by channel, until the server closed it. */
export interface ChannelSession {
  /** The subprotocol that the server chose. */
  protocol: string;
  /** stdout, stderr and status as text, by their channels. */
  said: Readonly<Record<number, string>>;
  /** Of the server's closing frame; undefined where the connection broke off without one. */
  closeCode: number | undefined;
}

/** A session that is to be opened: `path` with its query, and what is typed at once. */
export interface ChannelRequest {
  url: string;
  caFile: string;
  token: string;
  path: string;
  protocol: string;
  typed?: string;
}

const stdin = 0;
const opcodes = { binary: 2, close: 8, ping: 9 } as const;

/**
 * A terminal's client by hand: one subprotocol is offered and no other, which kubectl never does. Source: RFC 6455, and for
 * the channels apiserver's remotecommand/websocket.go.
 */
export function runChannelSession(asked: ChannelRequest): Promise<ChannelSession> {
  const { url, caFile, token, path, protocol, typed } = asked;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      ...{ path, method: 'GET', ca: readFileSync(caFile), agent: false },
      headers: {
        ...{ authorization: `Bearer ${token}`, connection: 'Upgrade', upgrade: 'websocket' },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64') },
        'sec-websocket-protocol': protocol,
      },
    });
    sent.on('error', reject);
    sent.on('response', (answer) => reject(new Error(`not upgraded: ${String(answer.statusCode)}`)));
    sent.on('upgrade', (answer, socket, head) => {
      if (typed !== undefined) socket.write(frameOf(opcodes.binary, Buffer.from([stdin, ...Buffer.from(typed)])));
      const chosen = String(answer.headers['sec-websocket-protocol']);
      readAll(socket, head).then((rest) => resolve({ protocol: chosen, ...rest }), reject);
    });
    sent.end();
  });
}

/** A client's frames are masked; none here is longer than a length of two bytes tells. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const key = randomBytes(4);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  const masked = payload.map((byte, at) => byte ^ (key[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | 126]), length, key, masked]);
}

async function readAll(socket: Duplex, head: Buffer): Promise<Omit<ChannelSession, 'protocol'>> {
  const said: Record<number, string> = {};
  let closeCode: number | undefined;
  let message = Buffer.alloc(0);
  let rest = Buffer.from(head);
  const take = (): void => {
    for (;;) {
      const frame = firstFrame(rest);
      if (frame === undefined) return;
      rest = rest.subarray(frame.size);
      const { opcode, isLast, payload } = frame;
      if (opcode === opcodes.close) {
        closeCode = payload.length < 2 ? undefined : payload.readUInt16BE();
        socket.end(frameOf(opcodes.close, payload));
      }
      if (opcode >= opcodes.close) continue;
      message = Buffer.concat([message, payload]);
      if (!isLast) continue;
      const channel = message[0] ?? -1;
      said[channel] = (said[channel] ?? '') + message.toString('utf8', 1);
      message = Buffer.alloc(0);
    }
  };
  take();
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    take();
  });
  socket.on('error', () => socket.destroy());
  await new Promise((resolve) => socket.once('close', resolve));
  return { said, closeCode };
}

/** Undefined until all of it is there. A server's frames are not masked. */
function firstFrame(bytes: Buffer): { opcode: number; isLast: boolean; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload, size: start + length };
}
