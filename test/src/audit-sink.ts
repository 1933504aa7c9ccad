import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, inRepository } from '@holdpoint/local';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface SinkAnswer {
  code: number;
  text: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The real audit sink, as a process of its own on a folder of its own, without a cluster around it. */
export interface AuditSink {
  /** The folder that survives every death. */
  readonly dataDir: string;
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** PEM: signs its certificate. */
  readonly caFile: string;
  readonly intakeToken: string;
  readonly queryToken: string;
  /** Of the process that runs; throws when none does. */
  pid(): number;
  /**
   * Starts the process, and does not wait until it is ready.
   *
   * @param nodeFlags what Node itself is given, as `--import` of what crashes or shifts it
   */
  launch(nodeFlags?: readonly string[]): void;
  /** `launch`, and resolves when it is ready. Rejects, with what it logged, when it ends instead. */
  start(nodeFlags?: readonly string[]): Promise<void>;
  /** Resolves when the process that was started has ended by itself: with its exit code, null for a signal. */
  ended(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Rejects when nobody answers. */
  post(path: '/audit' | '/recordings', body: string, token?: string): Promise<SinkAnswer>;
  /** One statement, as text. Throws what the sink says when it does not answer 200. */
  sql(statement: string): Promise<string>;
  ask(statement: string, options?: { headers?: Record<string, string>; query?: string }): Promise<SinkAnswer>;
  /** Runs it with `--check` and these flags added, beside the one that runs or not. */
  check(more?: readonly string[]): Promise<{ code: number | null; lines: string[] }>;
  /** Serves with another certificate from now on, as a certificate manager would see to it. Returns its serial number. */
  renewCertificate(): Promise<string>;
  /** What it has logged since it was last started. */
  log(): string;
  /** Ends it and removes the folder. */
  close(): Promise<void>;
  /** What the approvals CLI needs to reach it. */
  readonly auditorEnv: Readonly<Record<string, string>>;
}

/** Prepares a sink; it does not run yet. */
export async function createAuditSink(flags: readonly string[] = []): Promise<AuditSink> {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-sink-'));
  const dataDir = join(folder, 'data');
  const authority = await createAuthority('test');
  const { certificate, key } = await authority.issueServer('auditsink');
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const ca = write('ca.pem', authority.certificate);
  const tokens = { intake: randomBytes(16).toString('hex'), query: randomBytes(16).toString('hex') };
  const port = await freePort();
  const args = [
    ...[inRepository('auditsink', 'src', 'main.ts'), '--listen', `127.0.0.1:${String(port)}`],
    ...['--tls-cert-file', write('tls.pem', certificate), '--tls-private-key-file', write('tls.key', key)],
    ...['--data-dir', dataDir, '--mask-key-file', write('mask.key', randomBytes(32).toString('hex'))],
    ...['--intake-token-file', write('intake', tokens.intake), '--query-token-file', write('query', tokens.query)],
    ...['--drain-delay', '0s'],
    ...flags,
  ];
  let child: ChildProcess | undefined;
  let logged = '';

  const send = (path: string, method: string, token: string, body: string, more: Record<string, string> = {}) =>
    new Promise<SinkAnswer>((resolve, reject) => {
      const headers = { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...more };
      const options = { method, headers, ca: readFileSync(ca), agent: false };
      const sent = request(`https://127.0.0.1:${String(port)}${path}`, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text, headers: answer.headers }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    child = undefined;
    if (ending === undefined) return null;
    if (ending.exitCode !== null || ending.signalCode !== null) return ending.exitCode;
    return await new Promise((resolve) => {
      ending.once('exit', (code) => resolve(code));
      ending.kill(signal);
    });
  };
  const launch = (nodeFlags: readonly string[] = []): ChildProcess => {
    logged = '';
    const started = spawn(process.execPath, [...nodeFlags, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    started.stderr.setEncoding('utf8').on('data', (text: string) => (logged += text));
    child = started;
    return started;
  };
  const ask: AuditSink['ask'] = (statement, { headers = {}, query = '' } = {}) =>
    send(`/query${query}`, 'POST', headers['authorization'] === undefined ? tokens.query : '', statement, headers);
  return {
    dataDir,
    url: `https://127.0.0.1:${String(port)}`,
    caFile: ca,
    intakeToken: tokens.intake,
    queryToken: tokens.query,
    pid() {
      if (child?.pid === undefined) throw new Error('the sink does not run');
      return child.pid;
    },
    launch: (nodeFlags) => void launch(nodeFlags),
    async start(nodeFlags) {
      const started = launch(nodeFlags);
      await eventually('the sink is ready', async () => {
        if (started.exitCode !== null || started.signalCode !== null)
          throw new Error(`the sink ended: ${logged.slice(-2_000)}`);
        const answer = await send('/readyz/query', 'GET', '', '').catch(() => undefined);
        return answer?.code === 200 ? true : undefined;
      });
    },
    async ended() {
      const ending = child;
      if (ending !== undefined && ending.exitCode === null && ending.signalCode === null) await once(ending, 'exit');
      child = undefined;
      return ending?.exitCode ?? null;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    post: (path, body, token = tokens.intake) => send(path, 'POST', token, body),
    ask,
    async sql(statement) {
      const answer = await ask(statement);
      if (answer.code !== 200) throw new Error(`${String(answer.code)}: ${answer.text}`);
      return answer.text.trimEnd();
    },
    async check(more = []) {
      const checking = spawn(process.execPath, [...args, ...more, '--check'], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      checking.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const [code] = (await once(checking, 'close')) as [number | null];
      return { code, lines: text.trimEnd().split('\n') };
    },
    async renewCertificate() {
      const renewed = await authority.issueServer('auditsink');
      for (const [name, pem] of [
        ['tls.pem', renewed.certificate],
        ['tls.key', renewed.key],
      ] as const) {
        renameSync(write(`${name}.new`, pem), join(folder, name));
      }
      return new X509Certificate(renewed.certificate).serialNumber;
    },
    log: () => logged,
    async close() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
    auditorEnv: {
      HOLDPOINT_SQL_URL: `https://127.0.0.1:${String(port)}/query`,
      HOLDPOINT_SQL_TOKEN_FILE: join(folder, 'query'),
      HOLDPOINT_SQL_CA_FILE: ca,
    },
  };
}

/** What a POST of the API server looks like: one event an id. */
export function eventList(ids: readonly string[], more: object = {}): string {
  const items = ids.map((auditID, i) => ({
    kind: 'Event',
    level: 'RequestResponse',
    auditID,
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/dev/configmaps/${auditID}`,
    verb: 'update',
    user: { username: 'system:serviceaccount:holdpoint-system:holdpoint-proxy', groups: ['system:authenticated'] },
    impersonatedUser: {
      username: 'coding-agent',
      groups: ['ai-agents', 'system:authenticated'],
      extra: { 'holdpoint.dev/session': ['s-1'] },
    },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'kubectl/v1.36.0',
    objectRef: { resource: 'configmaps', namespace: 'dev', name: auditID, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: auditID },
      data: { text: 'x'.repeat(500) },
    },
    requestReceivedTimestamp: `2026-05-04T10:11:12.${String(i).padStart(6, '0')}Z`,
    stageTimestamp: `2026-05-04T10:11:13.${String(i).padStart(6, '0')}Z`,
    annotations: { 'judge.holdpoint.dev/decision': 'allow', 'judge.holdpoint.dev/rule': 'small' },
    ...more,
  }));
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}
