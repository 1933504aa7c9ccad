import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { Agent, request, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority, type CertifiedKey } from '@holdpoint/local';
import { createDrain, createHttpsServer, listen, readCaBundle, readTlsPair, type TlsReload } from '@holdpoint/platform';
import { eventually } from '../src/eventually.ts';

/** The servers' own edges, on real sockets: no cluster is needed. */
let authority: Authority;
let folder: string;
let first: CertifiedKey;
let second: CertifiedKey;
beforeAll(async () => {
  authority = await createAuthority('test');
  first = await authority.issueServer('first');
  second = await authority.issueServer('second');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const serialOf = (pair: CertifiedKey): string => new X509Certificate(pair.certificate).serialNumber;
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** The serial number of the certificate that a new connection meets. */
function servedSerial(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('a certificate that is renewed', () => {
  let server: Server;
  let reloads: TlsReload[];
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  const serve = (certFile: string, keyFile: string): Promise<number> => {
    reloads = [];
    server = createHttpsServer({
      certFile,
      keyFile,
      handler: (_request, response) => response.end('ok'),
      onTlsReload: (reload) => void reloads.push(reload),
      tlsReloadEveryMs: 20,
    });
    return listen(server, '127.0.0.1:0');
  };
  const untilServed = (port: number, pair: CertifiedKey): Promise<true> =>
    eventually('the new certificate is served', async () =>
      (await servedSerial(port)) === serialOf(pair) ? true : undefined,
    );

  test('as a Secret is mounted, by a symlink two levels up: served from the next handshake on', async () => {
    const version = (name: string, pair: CertifiedKey): void => {
      mkdirSync(join(folder, name));
      write(join(name, 'tls.crt'), pair.certificate);
      write(join(name, 'tls.key'), pair.key);
    };
    version('..1', first);
    symlinkSync('..1', join(folder, '..data'));
    for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(folder, file));
    const port = await serve(join(folder, 'tls.crt'), join(folder, 'tls.key'));
    expect(await servedSerial(port)).toBe(serialOf(first));

    version('..2', second);
    symlinkSync('..2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await untilServed(port, second);
    expect(
      reloads.map((reload) => (reload.result === 'failed' ? reload : [reload.result, reload.serialNumber])),
    ).toEqual([
      ['started', serialOf(first)],
      ['reloaded', serialOf(second)],
    ]);
  });

  test('in place, one file after the other: the old pair until both are there; the half is told once', async () => {
    const [cert, key] = [write('tls.crt', first.certificate), write('tls.key', first.key)];
    const port = await serve(cert, key);
    write('tls.crt', second.certificate);
    await eventually('it is told', async () => (reloads.length > 1 ? true : undefined));
    expect(await servedSerial(port)).toBe(serialOf(first));
    write('tls.key', second.key);
    await untilServed(port, second);
    expect(reloads.map(({ result }) => result)).toEqual(['started', 'failed', 'reloaded']);
    expect(reloads[1]).toMatchObject({
      error: {
        code: 'ERR_CONFIG_INVALID',
        message: `${key}: not the key of the certificate in ${cert}; put both there together`,
      },
    });
  });

  test('a connection that is open: goes on', async () => {
    const port = await serve(write('tls.crt', first.certificate), write('tls.key', first.key));
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate });
    const before = await get(port, agent);
    write('tls.key', second.key);
    write('tls.crt', second.certificate);
    await untilServed(port, second);
    expect(await get(port, agent)).toEqual({ ...before, reused: true });
    agent.destroy();
  });
});

describe('what cannot be served with is refused, naming the file', () => {
  const rows: { situation: string; cert: () => string; key: () => string; want: RegExp }[] = [
    {
      situation: 'an empty certificate',
      cert: () => '',
      key: () => first.key,
      want: /tls\.crt: expected a PEM certificate: /,
    },
    {
      situation: 'the key in place of the certificate',
      cert: () => first.key,
      key: () => first.key,
      want: /tls\.crt: /,
    },
    {
      situation: 'no key',
      cert: () => first.certificate,
      key: () => 'hunter2',
      want: /tls\.key: expected a PEM private key/,
    },
    {
      situation: "another's key",
      cert: () => first.certificate,
      key: () => second.key,
      want: /tls\.key: not the key of the certificate in .*tls\.crt/,
    },
  ];
  test.each(rows)('$situation', ({ cert, key, want }) => {
    const [certFile, keyFile] = [write('tls.crt', cert()), write('tls.key', key())];
    expect(() => readTlsPair(certFile, keyFile)).toThrow(want);
    expect(() => readTlsPair(certFile, keyFile)).not.toThrow(/hunter2/);
  });

  test.each([
    { situation: 'an empty bundle', text: () => '', want: /ca\.crt: expected PEM certificates, got none/ },
    {
      situation: 'a bundle with a broken certificate',
      text: () => `${first.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      want: /ca\.crt: a certificate in it cannot be read/,
    },
  ])('$situation', ({ text, want }) => {
    expect(() => readCaBundle(write('ca.crt', text()))).toThrow(want);
  });

  test('a bundle of two: as it is', () => {
    const text = `${authority.certificate}${first.certificate}`;
    expect(readCaBundle(write('ca.crt', text))).toBe(text);
  });
});

interface Got {
  text: string;
  connection: string | undefined;
  reused: boolean;
}
function get(port: number, agent: Agent, path = '/'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(`https://127.0.0.1:${String(port)}${path}`, { agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ text, connection: answer.headers.connection, reused: sent.reusedSocket }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('a sender that is slow', () => {
  test.each([
    { situation: 'in its headers', begin: 'POST / HTTP/1.1\r\nhost: x\r\nx-drip: ' },
    { situation: 'in its body', begin: 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n' },
  ])('$situation is cut off, however steadily it drips', async ({ begin }) => {
    const server = createHttpsServer({
      certFile: write('tls.crt', first.certificate),
      keyFile: write('tls.key', first.key),
      handler: (request) => void request.on('error', () => undefined).resume(),
      requestTimeoutMs: 300,
    });
    const port = await listen(server, '127.0.0.1:0');
    let drip: NodeJS.Timeout | undefined;
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate }, () => {
      socket.write(begin);
      drip = setInterval(() => socket.write('x'), 20);
    });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    clearInterval(drip);
    expect(answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a server that drains', () => {
  const start = async (handler: RequestListener) => {
    const certFile = write('tls.crt', first.certificate);
    const server = createHttpsServer({ certFile, keyFile: write('tls.key', first.key), handler });
    let wake: () => void = () => undefined;
    const sleep = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const drain = createDrain(server, { delayMs: 5_000, graceMs: 10_000, sleep });
    const port = await listen(server, '127.0.0.1:0');
    return { drain, port, wake: () => wake() };
  };
  const agentOf = (): Agent => new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate });

  test('kept-alive and new connections are answered during the delay, and let go; after it nobody is served', async () => {
    const { drain, port, wake } = await start((_request, response) => response.end('ok'));
    const [kept, fresh] = [agentOf(), agentOf()];
    expect(await get(port, kept)).toEqual({ text: 'ok', connection: 'keep-alive', reused: false });
    const running = drain.run();
    expect(await get(port, kept)).toEqual({ text: 'ok', connection: 'close', reused: true });
    expect(await get(port, kept)).toEqual({ text: 'ok', connection: 'close', reused: false });
    expect(await get(port, fresh)).toEqual({ text: 'ok', connection: 'close', reused: false });
    wake();
    await running;
    await expect(get(port, fresh)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a request under way when it begins, and still after the delay: answered', async () => {
    let answer: () => void = () => undefined;
    let arrived: () => void = () => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const { drain, port, wake } = await start((_request, response) => {
      answer = () => response.end('late');
      arrived();
    });
    const waiting = get(port, agentOf());
    await hasArrived;
    const running = drain.run();
    wake();
    await new Promise(setImmediate);
    answer();
    expect(await waiting).toEqual({ text: 'late', connection: 'close', reused: false });
    await running;
  });
});
