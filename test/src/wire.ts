import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Duplex } from 'node:stream';

/** One request, as bytes: what no client would send can be sent. */
export interface Asked {
  /** @default GET */
  method?: string;
  /** With the query, sent as it stands. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  body?: object | string;
  /** @default application/json; of a PATCH, application/merge-patch+json */
  type?: string;
}

/** All that came over the wire after the status line. */
export interface Heard {
  /** 0: no answer in time, or the connection was cut. */
  code: number;
  /** Names and values, as they came. */
  head: string;
  encoding: string;
  bytes: Buffer;
}

export type Wire = (asked: Asked) => Promise<Heard>;

/** Longer than the API server gives a watch that asks for one second, on a machine that is busy with something else. */
const timeoutMs = 30_000;

/** What proves who asks: a bearer token, or a client certificate. */
export type Proof = { token: string } | { cert: string; key: string };

/** Sends over connections that are kept. Never rejects for an answer's sake: a refusal is an answer. */
export function openWire(url: string, caFile: string, proof: Proof): Wire {
  const certificate = 'cert' in proof ? { cert: readFileSync(proof.cert), key: readFileSync(proof.key) } : {};
  const agent = new Agent({ keepAlive: true, maxSockets: 128, ca: readFileSync(caFile), ...certificate });
  const authorization: Record<string, string> = 'token' in proof ? { authorization: `Bearer ${proof.token}` } : {};
  return ({ method = 'GET', path, headers = {}, body, type }) =>
    new Promise((resolve) => {
      const bytes =
        body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const contentType = type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      const ofBody = bytes === undefined ? {} : { 'content-type': contentType, 'content-length': bytes.length };
      const sent = request(
        url,
        { method, path, agent, timeout: timeoutMs, headers: { ...authorization, ...ofBody, ...headers } },
        (answer) => void collect(answer, answer).then(resolve),
      );
      sent.on('upgrade', (answer, socket, head) => {
        // The other side would wait for our closing frame; the end of its own is all that is waited for here.
        socket.setTimeout(2_000, () => socket.destroy());
        void collect(answer, socket, head).then(resolve);
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', (error) =>
        resolve({ code: 0, head: error.message, encoding: 'identity', bytes: Buffer.alloc(0) }),
      );
      sent.end(bytes);
    });
}

/** All bytes until the end, also when that is a cut: what has come by then has come. */
function collect(answer: IncomingMessage, stream: IncomingMessage | Duplex, first?: Buffer): Promise<Heard> {
  const chunks: Buffer[] = first === undefined ? [] : [first];
  return new Promise((resolve) => {
    const end = (): void =>
      resolve({
        code: answer.statusCode ?? 0,
        head: answer.rawHeaders.join('\n'),
        encoding: answer.headers['content-encoding'] ?? 'identity',
        bytes: Buffer.concat(chunks),
      });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', end);
    stream.on('close', end);
  });
}
