import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '@holdpoint/local';
import { createHttpsServer, listen } from '@holdpoint/platform';
import { createApiServer } from '@holdpoint/proxy';
import { probedConnections } from '../src/connections.ts';

/** Every timeout that can be set is short here; what is silent for longer must not be touched by any. */
const timeoutMs = 500;
/** Node's own client keeps no connection of which it is told less than two seconds. */
const keepAliveTimeoutMs = 2_500;
const silenceMs = 3_500;

/**
 * The edges of the proxy, on real sockets: a watch, a log or a terminal that nobody says anything on. No cluster is needed.
 * `npm run soak:idle` is the same through the whole system, for longer than Node's own defaults.
 */
describe('a stream that is silent for longer than any timeout', () => {
  let authority: Authority;
  let folder: string;
  let close: () => Promise<void>;
  let port: number;

  /** Says one thing, is silent, and says another. */
  const speak = async (sink: { write(text: string): unknown; end(text: string): unknown }): Promise<void> => {
    sink.write('before');
    await sleep(silenceMs);
    sink.end('-after');
  };
  const handler: RequestListener = (message, response) => {
    message.resume();
    response.writeHead(200);
    void speak(response);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-silent-'));
    authority = await createAuthority('silent-authority');
    const { certificate, key } = await authority.issueServer('silent');
    const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    writeFileSync(certFile, certificate);
    writeFileSync(keyFile, key);
    const server = createHttpsServer({ certFile, keyFile, handler, requestTimeoutMs: timeoutMs });
    server.keepAliveTimeout = keepAliveTimeoutMs;
    const upgraded: Duplex[] = [];
    server.on('upgrade', (_message, socket: Duplex) => {
      upgraded.push(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
      socket.on('end', () => socket.end());
      void speak(socket);
    });
    port = await listen(server, '127.0.0.1:0');
    close = () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      });
  });
  afterAll(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tls = (): RequestOptions => ({ host: '127.0.0.1', port, ca: authority.certificate });
  const textOf = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += chunk.toString();
    return text;
  };
  const upgrade = { connection: 'upgrade', upgrade: 'websocket' };

  describe('of a client', () => {
    test('an answer goes on', async () => {
      const sent = request({ ...tls(), agent: false }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect(await textOf(answer)).toBe('before-after');
    });

    test('an answer goes on whose connection was kept from a request before', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const reused of [false, true]) {
        const sent = request({ ...tls(), agent }).end();
        const [answer] = (await once(sent, 'response')) as [IncomingMessage];
        expect([sent.reusedSocket, await textOf(answer)]).toEqual([reused, 'before-after']);
      }
      agent.destroy();
    });

    test('an upgraded connection goes on', async () => {
      const sent = request({ ...tls(), agent: false, headers: upgrade }).end();
      const [, socket, head] = (await once(sent, 'upgrade')) as [IncomingMessage, Duplex, Buffer];
      expect(head.toString() + (await textOf(socket))).toBe('before-after');
    });

    test('a request that does not come whole is cut: so they are in force here', async () => {
      const sent = request({ ...tls(), agent: false, method: 'POST', headers: { 'content-length': '2' } });
      sent.write('x');
      const outcome = once(sent, 'response').then(([answer]) => textOf(answer as IncomingMessage));
      await expect(outcome).rejects.toMatchObject({ code: 'ECONNRESET' });
    });
  });

  describe('of the API server', () => {
    const apiServer = () => {
      const agent = new Agent({ keepAlive: true, timeout: timeoutMs, ca: authority.certificate });
      return createApiServer(async () => ({
        ...{ host: '127.0.0.1', port, pathPrefix: '', agent, tls: { ca: authority.certificate } },
      }));
    };
    const { signal } = new AbortController();

    test('an answer goes on, past the time for which a connection is kept idle, and the kernel asks whether anybody is there', async () => {
      const { send } = apiServer();
      for (let i = 0; i < 2; i += 1) {
        const answer = await send({ method: 'GET', url: '/', headers: {}, signal });
        expect(probedConnections(process.pid, port)).toBe(1);
        expect(await textOf(answer)).toBe('before-after');
      }
    });

    test('and so does an upgraded connection', async () => {
      const before = probedConnections(process.pid, port);
      const answer = await apiServer().upgrade({ method: 'GET', url: '/', headers: upgrade, signal });
      if (!answer.switched) throw new Error('not switched');
      expect(probedConnections(process.pid, port)).toBe(before + 1);
      expect(answer.head.toString() + (await textOf(answer.socket))).toBe('before-after');
    });
  });
});
