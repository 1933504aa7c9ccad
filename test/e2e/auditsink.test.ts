import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';

/** The real process, killed without warning: whatever it acknowledged is there afterwards, and once. */
describe('audit sink, killed again and again', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  test('nothing that was acknowledged is lost, nothing that is sent again is stored twice', async () => {
    const rounds = 10;
    const senders = 6;
    const perPost = 20;
    const sent = new Set<string>();
    const acknowledged = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      let posting = true;
      const send = async (sender: number): Promise<void> => {
        for (let n = 0; posting; n += 1) {
          const ids = Array.from({ length: perPost }, (_, i) => `e-${[round, sender, n, i].map(String).join('-')}`);
          for (const id of ids) sent.add(id);
          // As the API server does: the whole batch again, until it is acknowledged; and now and then although it was.
          for (let tries = 0; tries < (n % 4 === 0 ? 2 : 1); tries += 1) {
            const answer = await sink.post('/audit', eventList(ids)).catch(() => undefined);
            if (answer?.code === 200) for (const id of ids) acknowledged.add(id);
            else if (!posting) return;
          }
        }
      };
      const sending = Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)));
      // Another moment every time: before, during and after an insert, which happens every half second or so.
      await sleep(300 + ((round * 173) % 700));
      await sink.kill();
      posting = false;
      await sending;
      await sink.start();
    }
    const stored = await eventually(
      'all that was acknowledged is stored',
      async () => {
        const lines = await sink.sql('SELECT audit_id, count() FROM audit_events GROUP BY audit_id FORMAT TSV');
        const counts = new Map(lines.split('\n').map((line) => line.split('\t') as [string, string]));
        return [...acknowledged].every((id) => counts.has(id)) ? counts : undefined;
      },
      60_000,
    );
    expect(acknowledged.size).toBeGreaterThan(rounds * perPost);
    expect([...stored].filter(([, count]) => count !== '1')).toEqual([]);
    expect([...stored.keys()].filter((id) => !sent.has(id))).toEqual([]);
    process.stderr.write(`  ${String(acknowledged.size)} events acknowledged over ${String(rounds)} kills\n`);
  }, 180_000);

  test('the hash chain has no gap and no fork', async () => {
    const [line = ''] = (
      await sink.sql('SELECT count(), uniqExact(sequence), min(sequence), max(sequence) FROM audit_events FORMAT TSV')
    ).split('\n');
    const [count, distinct, first, last] = line.split('\t');
    expect([distinct, first, last]).toEqual([count, '1', count]);
  });

  test('a batch larger than a statement may be is stored all the same', async () => {
    const before = Number(await sink.sql('SELECT count() FROM audit_events'));
    const ids = Array.from({ length: 20_000 }, (_, i) => `large-${String(i)}`);
    const posts = Array.from({ length: 50 }, (_, i) => eventList(ids.slice(i * 400, i * 400 + 400)));
    const answers = await Promise.all(posts.map((post) => sink.post('/audit', post)));
    expect(answers.filter(({ code }) => code !== 200)).toEqual([]);
    await eventually('they are stored', async () =>
      Number(await sink.sql('SELECT count() FROM audit_events')) === before + ids.length ? true : undefined,
    );
  }, 60_000);
});
