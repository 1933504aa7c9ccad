import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startCommand, type CommandResult } from '@holdpoint/local';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';
import { recordingBatches } from '../src/session-events.ts';

const main = inRepository('approvals-cli', 'src', 'main.ts');
const events = 450;

/** The real sink's record, and somebody with a hand in its store: each touch is told, and what it means. */
describe('approvals verify', () => {
  let sink: AuditSink;
  let folder: string;
  let publicKey: string;
  const cli = (...args: string[]): Promise<CommandResult> =>
    startCommand(process.execPath, [main, 'verify', ...args], { env: sink.auditorEnv }).finished;
  /** While the sink is down: it owns the folder. */
  const tamper = async (...statements: string[]): Promise<void> => {
    await sink.stop();
    const program = `
      import { openEmbedded } from ${JSON.stringify(inRepository('platform', 'src', 'index.ts'))};
      const { writer } = await openEmbedded(${JSON.stringify(join(sink.dataDir, 'store'))});
      for (const statement of ${JSON.stringify(statements)}) await writer.command(statement);
      await writer.close();`;
    const done = await startCommand(process.execPath, ['--input-type=module', '-e', program]).finished;
    expect(done).toMatchObject({ code: 0, stderr: '' });
    await sink.start();
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-verify-'));
    const keys = generateKeyPairSync('ed25519');
    const privateKey = join(folder, 'private.pem');
    publicKey = join(folder, 'public.pem');
    writeFileSync(privateKey, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(publicKey, keys.publicKey.export({ type: 'spki', format: 'pem' }));
    sink = await createAuditSink(['--checkpoint-key-file', privateKey]);
    await sink.start();
    expect(
      (await sink.post('/audit', eventList(Array.from({ length: events }, (_, i) => `e-${String(i)}`)))).code,
    ).toBe(200);
    const terminal = {
      id: 'r',
      auditId: 'a',
      at: 0,
      command: ['sh'],
      frames: [[0.25, 'o', 'x'] as [number, string, string]],
    };
    expect((await sink.post('/recordings', recordingBatches(terminal))).code).toBe(200);
    await eventually('all is stored', async () =>
      (await sink.sql('SELECT (SELECT count() FROM audit_events), (SELECT count() FROM recordings)')) ===
      `${String(events)}\t3`
        ? true
        : undefined,
    );
    // A sink that is stopped writes down how far its record reaches.
    expect(await sink.stop()).toBe(0);
    await sink.start();
  }, 90_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sink?.close();
  });

  test('untouched: intact, with every row looked at, and its checkpoints signed', async () => {
    const { stdout, stderr, code } = await cli('--public-key', publicKey);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/^audit_events +\S+ +450 +1–450 .* [1-9]\d* signed +0 +0$/m);
    expect(stdout).toMatch(/^recordings +\S+ +3 +1–3 /m);
    expect(stdout).toContain('The record is as it was written.');
    expect((await cli()).stdout).toContain('signatures not checked');
  }, 30_000);

  test('a value changed, a row removed, one inserted, the end cut off: each is found, with its place', async () => {
    await tamper(
      "ALTER TABLE audit_events UPDATE message = 'nothing happened' WHERE sequence = 10 SETTINGS mutations_sync = 2",
      'ALTER TABLE audit_events DELETE WHERE sequence BETWEEN 100 AND 102 SETTINGS mutations_sync = 2',
      'INSERT INTO audit_events SELECT * FROM audit_events WHERE sequence = 300',
      'ALTER TABLE recordings DELETE WHERE sequence = 3 SETTINGS mutations_sync = 2',
    );
    const { stdout, stderr, code } = await cli('--public-key', publicKey);
    expect(code).toBe(1);
    expect(stdout).toMatch(/audit_events of \S+: row 10 was changed/);
    expect(stdout).toMatch(/audit_events of \S+: rows 100 to 102 were removed/);
    expect(stdout).toMatch(/audit_events of \S+: a row was inserted at place 300/);
    expect(stdout).toMatch(/recordings of \S+: the end was cut off: rows 3 to 3/);
    expect(stdout).toContain('4 findings.');
    expect(stderr).toBe('Error: the record is not as it was written\n');
    const json = JSON.parse((await cli('--public-key', publicKey, '-o', 'json')).stdout) as { findings: number };
    expect(json).toMatchObject({ findings: 4, signaturesChecked: true });
  }, 60_000);

  test('a checkpoint of somebody else’s making is not believed', async () => {
    await tamper(
      "INSERT INTO checkpoints SELECT * REPLACE ('bm90IGl0' AS signature) FROM checkpoints WHERE table_name = 'audit_events' LIMIT 1",
    );
    const { stdout, code } = await cli('--public-key', publicKey);
    expect(code).toBe(1);
    expect(stdout).toMatch(/the checkpoint at row \d+ is not signed with this key/);
  }, 60_000);

  test.each([
    { situation: 'no such key', args: ['--public-key', '/none'], want: /could not check: --public-key/ },
    {
      situation: 'nobody there',
      args: ['--sql-url', 'https://127.0.0.1:1/query'],
      want: /could not check: .*ECONNREFUSED/,
    },
  ])(
    '$situation: neither yes nor no',
    async ({ args, want }) => {
      const { stdout, stderr, code } = await cli(...args);
      expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
      expect(stderr).toMatch(want);
    },
    30_000,
  );
});
