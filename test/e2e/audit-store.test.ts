import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { serverLacking, startServer, startStandIn, type TestClickHouse } from '../src/clickhouse-server.ts';
import { startEventLoad } from '../src/event-load.ts';
import { eventually } from '../src/eventually.ts';
import { preload } from '../src/preload.ts';
import { verifyStore } from '../src/verify-store.ts';

const backends: {
  backend: string;
  isServer: boolean;
  lacking?: string | undefined;
  start: () => Promise<TestClickHouse | undefined>;
}[] = [
  { backend: 'in the sink’s own process', isServer: false, start: () => Promise.resolve(undefined) },
  { backend: 'behind ClickHouse’s HTTP interface', isServer: true, start: startStandIn },
  { backend: 'on a ClickHouse server', isServer: true, lacking: serverLacking, start: startServer },
];

const { publicKey, privateKey } = generateKeyPairSync('ed25519');

describe.each(backends)('the store $backend', ({ isServer, lacking, start }) => {
  if (lacking !== undefined) {
    test.skip(lacking, () => undefined);
    return;
  }
  let folder: string;
  let clickHouse: TestClickHouse | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-store-'));
    clickHouse = await start();
  }, 120_000);
  afterAll(async () => {
    await clickHouse?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const createSink = (flags: readonly string[] = []): Promise<AuditSink> =>
    createAuditSink([
      ...['--checkpoint-key-file', write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())],
      ...(clickHouse === undefined
        ? []
        : [
            ...['--clickhouse-url', clickHouse.url, '--clickhouse-user', clickHouse.username],
            ...['--clickhouse-password-file', write('password', clickHouse.password)],
          ]),
      ...flags,
    ]);
  /** How many rows there are of events whose Audit-ID begins so, and of how many events. */
  const countOf = async (sink: AuditSink, prefix: string): Promise<number[]> => {
    const counts = await sink.sql(
      `SELECT count(), uniqExact(audit_id) FROM audit_events WHERE startsWith(audit_id, '${prefix}') FORMAT TSV`,
    );
    return counts.split('\t').map(Number);
  };
  const verified = async (sink: AuditSink): Promise<void> => {
    for (const table of ['audit_events', 'recordings'] as const) {
      for (const report of await verifyStore(sink.sql, table, publicKey)) expect(report.findings).toEqual([]);
    }
  };

  describe('a sink that is killed', () => {
    let sink: AuditSink;
    beforeAll(async () => {
      sink = await createSink();
    }, 60_000);
    afterAll(() => sink?.close());

    test.each([
      { step: 'appended', moment: 'before the fsync', occurrence: 3 },
      { step: 'synced', moment: 'after the fsync, before the acknowledgement', occurrence: 3 },
      { step: 'planned', moment: 'before the insert', occurrence: 2 },
      { step: 'inserted', moment: 'after the insert, before the position is written', occurrence: 1 },
      { step: 'inserted', moment: 'the same, a few batches later', occurrence: 3 },
      { step: 'positioned', moment: 'after the position is written', occurrence: 2 },
      { step: 'checkpointing', moment: 'before a checkpoint', occurrence: 1 },
      { step: 'checkpointed', moment: 'after a checkpoint', occurrence: 1 },
    ])(
      '$moment ($step): all that was acknowledged is there once',
      async ({ step, moment, occurrence }) => {
        const prefix = `${step}-${String(moment.length)}-`;
        await sink.start(preload('crash-at.ts', { step, occurrence: String(occurrence) })).catch(() => undefined);
        const load = startEventLoad(sink, prefix);
        const isCheckpoint = step.startsWith('checkpoint');
        // Checkpoints are written when a sink ends.
        const code = isCheckpoint ? await sleep(1_500).then(() => sink.stop()) : await sink.ended();
        expect(code).toBeNull();
        await sink.start();
        await sleep(500);
        await load.stop();
        await eventually('they are stored', async () =>
          (await countOf(sink, prefix))[1] === load.acknowledged.size ? true : undefined,
        );
        expect(await sink.stop()).toBe(0);
        await sink.start();
        expect(load.acknowledged.size).toBeGreaterThan(0);
        expect(await countOf(sink, prefix)).toEqual([load.acknowledged.size, load.acknowledged.size]);
        await verified(sink);
        expect(await sink.stop()).toBe(0);
      },
      120_000,
    );

    test('at any moment, under load', async () => {
      await sink.start();
      const load = startEventLoad(sink, 'any-');
      for (let round = 0; round < 4; round += 1) {
        await sleep(300 + ((round * 373) % 900));
        await sink.kill();
        await sink.start();
      }
      await load.stop();
      await eventually('they are stored', async () =>
        (await countOf(sink, 'any-'))[1] === load.acknowledged.size ? true : undefined,
      );
      expect(await countOf(sink, 'any-')).toEqual([load.acknowledged.size, load.acknowledged.size]);
      await verified(sink);
      expect(await sink.stop()).toBe(0);
    }, 120_000);

    test('its checkpoints are signed, and doubted by whoever has another key', async () => {
      await sink.start();
      const [report] = await verifyStore(sink.sql, 'audit_events', publicKey);
      expect(report).toMatchObject({ findings: [], first: 1 });
      expect(report?.checkpoints).toBeGreaterThan(5);
      expect(report?.signed).toBe(report?.checkpoints);
      const other = generateKeyPairSync('ed25519').publicKey;
      const [doubted] = await verifyStore(sink.sql, 'audit_events', other);
      expect(doubted?.findings[0]).toMatchObject({ type: 'BadSignature' });
    }, 60_000);
  });

  test('what comes back from the store is what was chained, to the byte', async () => {
    const sink = await createSink();
    try {
      await sink.start();
      const odd = 'a\u0000b\u2028\u2029\ufffe\u007f😀\\ud800"\'\t';
      const events = eventList(['odd-1', 'odd-2', 'odd-3'], {
        userAgent: odd,
        verb: odd,
        objectRef: { resource: 'configmaps', namespace: odd, name: odd, apiVersion: 'v1' },
        annotations: { [odd]: odd, '': '', '10': 'x', '9': 'y', __proto: 'z', 'judge.holdpoint.dev/decision': 'allow' },
        requestObject: { metadata: { name: odd }, data: { n: 123456789012345680000, f: 1e-300, e: {}, l: [] } },
        responseStatus: { metadata: {}, code: 65_535, message: odd },
      })
        // What JSON.stringify cannot say: a lone surrogate, a prototype, integers past what a double holds.
        .replaceAll('"verb":"a', '"verb":"\\ud83d a')
        .replaceAll('"__proto"', '"__proto__"')
        .replaceAll('123456789012345680000', '123456789012345678901234567890');
      const plain = eventList(['odd-4'], {
        annotations: {},
        user: { username: 'a', groups: [] },
        impersonatedUser: undefined,
      });
      const numbers = [0, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 123456.789012, 2 / 3, 1e-7, 2 ** 53];
      const recording = {
        ...{ recordingId: 'odd', sequence: 0, auditId: 'a', session: 's', username: odd, namespace: 'n', pod: 'p' },
        ...{ container: '', command: ['sh', '', odd], startedAt: '2026-05-04T10:11:12.123456789+05:30', width: 65_535 },
      };
      const recordings = JSON.stringify({
        recordings: [
          { ...recording, frames: numbers.map((seconds) => [seconds, 'o', odd]) },
          { ...recording, sequence: 1, frames: [], command: [], endedAt: '2299-12-31T23:59:59.999999Z' },
          // Past what a double says in JSON.
          { ...recording, sequence: 2, frames: [['seconds', 'o', '']] },
        ],
      }).replace('"seconds"', '12345678901234567890.123');
      for (const [path, body] of [
        ['/audit', events],
        ['/audit', plain],
        ['/recordings', recordings],
      ] as const) {
        expect(await sink.post(path, body)).toMatchObject({ code: 200 });
      }
      const infinite = recordings.replace('12345678901234567890.123', '1e999');
      expect(await sink.post('/recordings', infinite)).toMatchObject({ code: 400 });
      await sink.stop();
      await sink.start();
      expect(await countOf(sink, 'odd-')).toEqual([4, 4]);
      expect(await sink.sql("SELECT count() FROM recordings WHERE recording_id = 'odd'")).toBe('3');
      await verified(sink);
    } finally {
      await sink.close();
    }
  }, 60_000);

  test('a line that the store refuses keeps nothing else from being stored', async () => {
    const sink = await createSink();
    try {
      await sink.start();
      expect(await sink.post('/audit', eventList(['good-1']))).toMatchObject({ code: 200 });
      await sink.kill();
      // No intake of ours lets such a line pass: it is put into the spool by hand, between two that are good.
      const spool = join(sink.dataDir, 'spool');
      const segment = readdirSync(spool).find((name) => name.endsWith('.spool')) ?? '';
      const record = readFileSync(join(spool, segment));
      const [table = '', line = ''] = record.subarray(8).toString('utf8').split('\n');
      const hash = (digit: string): string =>
        line.replace(/"event_hash":"[0-9a-f]{64}"/, `"event_hash":"${digit.repeat(64)}"`);
      const bad = hash('a').replace('"code":200', '"code":"two hundred"').replace('good-1', 'bad-1');
      const good = hash('b').replace('good-1', 'good-2');
      const payload = Buffer.from([table, bad, good].join('\n'));
      const head = Buffer.alloc(8);
      head.writeUInt32BE(payload.length, 0);
      head.writeUInt32BE(crc32(payload), 4);
      writeFileSync(join(spool, segment), Buffer.concat([record, head, payload]));
      await sink.start();
      await eventually('the good ones are stored', async () =>
        (await countOf(sink, 'good-'))[0] === 2 ? true : undefined,
      );
      const stub = await sink.sql(`SELECT broken FROM audit_events WHERE event_hash = '${'a'.repeat(64)}'`);
      expect(stub).toMatch(/^refused by the store: .*Cannot parse input/);
      expect(readFileSync(join(sink.dataDir, 'refused', `audit_events-${'a'.repeat(64)}.json`), 'utf8')).toBe(
        `${bad}\n`,
      );
      await verified(sink);
    } finally {
      await sink.close();
    }
  }, 60_000);

  test('retention takes whole days away, and the chain still verifies', async () => {
    const sink = await createSink(['--retention-days', '2']);
    const dayMs = 86_400_000;
    try {
      for (const day of [-5, -4, 0]) {
        await sink.start(preload('shifted-clock.ts', { ms: String(day * dayMs) }));
        for (const n of [1, 2]) {
          expect(await sink.post('/audit', eventList([`days-${String(day)}-${String(n)}`]))).toMatchObject({
            code: 200,
          });
          await sleep(700);
        }
        // Killed, as often as not: the last day's checkpoint is then the next process's to write.
        if (day === -4) await sink.kill();
        else await sink.stop();
      }
      await sink.start();
      // ClickHouse drops what expired when it merges next, which may take hours: no reader can say when.
      await clickHouse?.ask('OPTIMIZE TABLE holdpoint.audit_events FINAL');
      const [count] = await countOf(sink, 'days-');
      expect(clickHouse === undefined ? [2, 6] : [2]).toContain(count);
      await verified(sink);
    } finally {
      await sink.close();
    }
  }, 90_000);

  // Nobody but the sink itself reaches the one in its own process.
  if (!isServer) return;
  test('a store that a newer version has set up is refused, and left as it is', async () => {
    const server = clickHouse as TestClickHouse;
    const sink = await createSink();
    const sum = 'f'.repeat(64);
    await server.ask(`INSERT INTO holdpoint.migrations (name, checksum) VALUES ('9999-newer.sql', '${sum}')`);
    try {
      await expect(sink.start()).rejects.toThrow('ERR_STORE_NEWER');
      expect(await sink.ended()).toBe(1);
      expect(sink.log()).toContain('9999-newer.sql');
    } finally {
      await server.ask(
        "ALTER TABLE holdpoint.migrations DELETE WHERE name = '9999-newer.sql' SETTINGS mutations_sync = 2",
      );
      await sink.close();
    }
  }, 60_000);
});

describe('a store that goes away', () => {
  test.each(['killed', 'hanging'])(
    '%s for 20 s: events are taken meanwhile, and each is stored once',
    async (how) => {
      const standIn = await startStandIn();
      const folder = mkdtempSync(join(tmpdir(), 'holdpoint-store-'));
      writeFileSync(join(folder, 'password'), standIn.password);
      const sink = await createAuditSink([
        ...['--clickhouse-url', standIn.url, '--clickhouse-user', standIn.username],
        ...['--clickhouse-password-file', join(folder, 'password')],
      ]);
      try {
        await sink.start();
        const load = startEventLoad(sink, 'away-', 2);
        await sleep(1_500);
        const before = load.acknowledged.size;
        if (how === 'killed') await standIn.kill();
        else standIn.pause();
        await sleep(20_000);
        expect(load.acknowledged.size).toBeGreaterThan(before + 500);
        if (how === 'killed') await standIn.start();
        else standIn.resume();
        await load.stop();
        const count = async (): Promise<number[]> =>
          (await standIn.ask('SELECT count(), uniqExact(audit_id) FROM holdpoint.audit_events'))
            .split('\t')
            .map(Number);
        await eventually(
          'all are stored',
          async () => ((await count())[1] === load.acknowledged.size ? true : undefined),
          60_000,
        );
        expect(await count()).toEqual([load.acknowledged.size, load.acknowledged.size]);
        expect(await sink.stop()).toBe(0);
      } finally {
        await sink.close();
        await standIn.close();
        rmSync(folder, { recursive: true });
      }
    },
    120_000,
  );

  test('one that is away when the sink starts: events are taken, and stored once it is there', async () => {
    const standIn = await startStandIn();
    await standIn.kill();
    const folder = mkdtempSync(join(tmpdir(), 'holdpoint-store-'));
    writeFileSync(join(folder, 'password'), standIn.password);
    const sink = await createAuditSink([
      ...['--clickhouse-url', standIn.url, '--clickhouse-user', standIn.username],
      ...['--clickhouse-password-file', join(folder, 'password')],
    ]);
    try {
      const starting = sink.start();
      await eventually('events are taken', async () =>
        (await sink.post('/audit', eventList(['early'])).catch(() => undefined))?.code === 200 ? true : undefined,
      );
      await standIn.start();
      await starting;
      await eventually('they are stored', async () =>
        (await sink.sql('SELECT count() FROM audit_events')) === '1' ? true : undefined,
      );
    } finally {
      await sink.close();
      await standIn.close();
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});

/** Mounts a file system of its own, that small; false where this machine does not let us. */
function mountSmall(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]).status === 0;
}

/** Tried and taken back at once: what is mounted while tests are listed stays where none of them is run. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-small-'));
  const isMounted = mountSmall(folder);
  if (isMounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return isMounted;
}

describe('a disk that is full', () => {
  if (!canMount()) {
    test.skip('no right to mount a file system of its own', () => undefined);
    return;
  }
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-small-'));
    mountSmall(folder);
  });
  afterAll(() => {
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('events are refused, and taken again by itself once the store has taken what was there', async () => {
    const standIn = await startStandIn();
    const passwords = mkdtempSync(join(tmpdir(), 'holdpoint-store-'));
    writeFileSync(join(passwords, 'password'), standIn.password);
    const sink = await createAuditSink([
      ...['--data-dir', join(folder, 'data')],
      ...['--clickhouse-url', standIn.url, '--clickhouse-user', standIn.username],
      ...['--clickhouse-password-file', join(passwords, 'password')],
    ]);
    const acknowledged: string[] = [];
    let n = 0;
    const post = async (): Promise<number> => {
      n += 1;
      const ids = Array.from({ length: 400 }, (_, i) => `full-${String(n)}-${String(i)}`);
      const { code } = await sink.post('/audit', eventList(ids));
      if (code === 200) acknowledged.push(...ids);
      return code;
    };
    try {
      await sink.start();
      await standIn.kill();
      let refused = 0;
      for (let i = 0; i < 200 && refused < 5; i += 1) refused += (await post()) === 503 ? 1 : 0;
      expect(refused).toBe(5);
      expect(acknowledged.length).toBeGreaterThan(400);
      await standIn.start();
      await eventually('events are taken again', async () => ((await post()) === 200 ? true : undefined), 60_000);
      const count = async (): Promise<number[]> =>
        (await standIn.ask('SELECT count(), uniqExact(audit_id) FROM holdpoint.audit_events')).split('\t').map(Number);
      await eventually(
        'all are stored',
        async () => ((await count())[1] === acknowledged.length ? true : undefined),
        60_000,
      );
      expect(await count()).toEqual([acknowledged.length, acknowledged.length]);
    } finally {
      await sink.close();
      await standIn.close();
      rmSync(passwords, { recursive: true });
    }
  }, 120_000);
});

test('a second sink on one folder is refused by name, and the first goes on', async () => {
  const first = await createAuditSink();
  const second = await createAuditSink(['--data-dir', first.dataDir]);
  try {
    await first.start();
    await expect(second.start()).rejects.toThrow(`ERR_DATA_DIR_IN_USE: ${first.dataDir} is in use by process`);
    expect(await second.ended()).toBe(1);
    expect(await first.post('/audit', eventList(['still-there']))).toMatchObject({ code: 200 });
    await first.kill();
    await second.start();
    await eventually('the second one has what the first one took', async () =>
      (await second.sql('SELECT count() FROM audit_events')) === '1' ? true : undefined,
    );
  } finally {
    await second.close();
    await first.close();
  }
}, 60_000);
