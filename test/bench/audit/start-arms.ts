import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@holdpoint/local';
import { openEmbedded } from '@holdpoint/platform';
import { createAuditSink } from '../../src/audit-sink.ts';
import type { AuditArm } from './arm.ts';

/** The real sink, as a process of its own. */
export async function startHoldpoint(): Promise<AuditArm> {
  const sink = await createAuditSink();
  await sink.start();
  return {
    name: 'holdpoint',
    pid: sink.pid(),
    url: sink.url,
    caFile: sink.caFile,
    token: sink.intakeToken,
    has: async (id) => (await sink.sql(`SELECT count() FROM audit_events WHERE audit_id = '${id}'`)) !== '0',
    async close() {
      await sink.stop();
      const stored = await storedIn(join(sink.dataDir, 'store'), ['audit_events']);
      await sink.close();
      return stored;
    },
  };
}

/** See plain-chdb-process.ts. */
export async function startPlain(): Promise<AuditArm> {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-plain-'));
  const authority = await createAuthority('bench');
  const { certificate, key } = await authority.issueServer('plain');
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const store = join(folder, 'store');
  mkdirSync(store);
  const caFile = write('ca.pem', authority.certificate);
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'plain-chdb-process.ts'),
      ...[store, write('tls.pem', certificate), write('tls.key', key)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    child.once('exit', (code) => reject(new Error(`the plain server ended with ${String(code)}`)));
  });
  const url = `https://127.0.0.1:${port}`;
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  return {
    name: 'plain',
    pid: child.pid ?? 0,
    url,
    caFile,
    token: '',
    has: (id) =>
      new Promise((resolve, reject) => {
        request(`${url}/?id=${id}`, { agent }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('end', () => resolve((JSON.parse(text) as { found: boolean }).found));
        })
          .on('error', reject)
          .end();
      }),
    async close() {
      agent.destroy();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      const stored = await storedIn(store, ['plain_events']);
      rmSync(folder, { recursive: true, force: true });
      return stored;
    },
  };
}

/** Opens the store of a process that has ended. */
async function storedIn(folder: string, tables: readonly string[]): Promise<{ storedBytes: number; rows: number }> {
  const { writer } = await openEmbedded(folder);
  try {
    const [row] = await writer.query<{ bytes: string; rows: string }>(
      `SELECT toString(sum(bytes_on_disk)) AS bytes, toString(sum(rows)) AS rows FROM system.parts
       WHERE active AND table IN (${tables.map((table) => `'${table}'`).join(', ')})`,
    );
    return { storedBytes: Number(row?.bytes ?? NaN), rows: Number(row?.rows ?? NaN) };
  } finally {
    await writer.close();
  }
}
