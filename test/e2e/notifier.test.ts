import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hold, HoldNotification, Notification, NotifySettings } from '@holdpoint/core';
import { createAuthority, deployment, pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createReceiver, type Receiver, type Received } from '../src/receiver.ts';
import { slackProblems } from '../src/slack-checker.ts';

/** Whoever is to be told of a hold is told, whatever happens in between. */
describe('the notifier', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-receivers-'));
  const file = join(folder, 'receivers.yaml');
  const key = randomBytes(32);
  const receivers: Record<'signed' | 'chat' | 'other', Receiver> = {} as never;
  let stack: Stack;

  const writeReceivers = (more = ''): void => {
    writeFileSync(
      file,
      [
        'receivers:',
        `  - { name: signed, url: '${receivers.signed.url}', format: JSON, hmacKeyFile: key, bearerTokenFile: token, caFile: ca.pem }`,
        `  - { name: chat, url: '${receivers.chat.url}', format: Slack }`,
        `  - { name: other, url: '${receivers.other.url}', format: JSON, timeout: 2s }`,
        more,
      ].join('\n'),
    );
  };
  beforeAll(async () => {
    const authority = await createAuthority('receivers');
    const { certificate, key: privateKey } = await authority.issueServer('signed');
    receivers.signed = await createReceiver({ cert: certificate, key: privateKey });
    for (const name of ['chat', 'other'] as const) receivers[name] = await createReceiver();
    writeFileSync(join(folder, 'ca.pem'), authority.certificate);
    writeFileSync(join(folder, 'key'), key.toString('hex'));
    writeFileSync(join(folder, 'token'), 'shown-to-signed\n');
    writeReceivers();
    stack = await startScenario({ webhookFlags: ['--receivers-file', file] });
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
    for (const receiver of Object.values(receivers)) await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const admin = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await stack.kubectl('admin', args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const patchPolicy = (notify: NotifySettings[]) =>
    stack.kubectl('admin', [
      ...['patch', 'accesspolicy', 'coding-agents', '--type=merge'],
      ...['-p', JSON.stringify({ spec: { notify } })],
    ]);
  /** Has the policy tell these, and waits until that is in force. */
  const tell = async (...notify: NotifySettings[]): Promise<void> => {
    expect(await patchPolicy(notify)).toMatchObject({ code: 0 });
    await eventually('the policy is enforced as it is now', async () => {
      const json = await admin('get', 'accesspolicy', 'coding-agents', '-o', 'json');
      const { metadata, status } = JSON.parse(json) as {
        metadata: { generation: number };
        status: { observedGeneration?: number };
      };
      return status.observedGeneration === metadata.generation ? true : undefined;
    });
  };
  /** A write that is held. */
  const ask = async (name: string): Promise<string> => {
    stack.kubectlStart('agent', ['apply', '-f', '-'], { input: deployment(name, 'registry.example/shop/x:1') });
    return await eventually('a hold is pending', () => pendingHold(stack, name));
  };
  const holdNamed = async (name: string): Promise<Hold> =>
    JSON.parse(await admin('get', 'hold', name, '-o', 'json')) as Hold;
  const noted = (hold: string, receiver: string, is: (entry: Notification) => boolean): Promise<Notification> =>
    eventually(
      `what became of telling ${receiver} is on the hold`,
      async () => (await holdNamed(hold)).status?.notifications?.find((each) => each.receiver === receiver && is(each)),
      60_000,
    );
  const isDelivered = (entry: Notification): boolean => entry.state === 'Delivered';
  const bodyOf = (received: Received): HoldNotification => JSON.parse(received.body) as HoldNotification;
  const of = (receiver: Receiver, hold: string): Received[] =>
    receiver.received.filter((each) => bodyOf(each).hold.name === hold);
  const idsOf = (all: readonly Received[]): unknown[] => [
    ...new Set(all.map((each) => each.headers['holdpoint-delivery'])),
  ];

  test('a held write, approved and used: signed, in a chat, as events, and on the hold', async () => {
    await tell({ receiver: 'signed', phases: ['Pending', 'Approved', 'Used'] }, { receiver: 'chat' });
    const hold = await ask('told');
    await noted(hold, 'signed', isDelivered);
    await noted(hold, 'chat', isDelivered);
    expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    await noted(hold, 'signed', (entry) => entry.phase === 'Used' && isDelivered(entry));
    await noted(hold, 'signed', (entry) => entry.phase === 'Approved' && isDelivered(entry));

    const { status } = await holdNamed(hold);
    expect(status?.notifications).toHaveLength(4);
    for (const entry of status?.notifications ?? []) expect(entry).toMatchObject({ state: 'Delivered', attempts: 1 });
    const told = of(receivers.signed, hold);
    expect(told.map((each) => bodyOf(each).phase).sort()).toEqual(['Approved', 'Pending', 'Used']);
    const { metadata } = await holdNamed(hold);
    for (const { headers, body } of told) {
      const { id, phase } = JSON.parse(body) as HoldNotification;
      const text = JSON.stringify([metadata.uid, phase, 'signed']);
      expect(id).toBe(createHash('sha256').update(text).digest('hex').slice(0, 32));
      expect(headers).toMatchObject({
        'holdpoint-delivery': id,
        'content-type': 'application/json; charset=utf-8',
        authorization: 'Bearer shown-to-signed',
      });
      const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['holdpoint-signature'])) ?? [];
      expect(signature).toBe(
        createHmac('sha256', key)
          .update(`${String(time)}.${body}`)
          .digest('hex'),
      );
      expect(Math.abs(Number(time) - Date.now() / 1_000)).toBeLessThan(300);
    }
    expect(bodyOf(told.find((each) => bodyOf(each).phase === 'Approved') as Received).hold).toMatchObject({
      request: { operation: 'CREATE', namespace: 'prod', name: 'told' },
      decisions: [{ verdict: 'approve' }],
    });
    expect(told.map(({ body }) => body).join('')).not.toContain('registry.example');

    const [chat] = receivers.chat.received;
    expect(slackProblems(chat?.body ?? '')).toEqual([]);
    expect(chat?.body).toContain(`approvals show ${hold}`);

    const described = await eventually('the events are there', async () => {
      const text = await admin('describe', 'hold', hold);
      return /Used\s+.*holdpoint-webhook/.test(text) ? text : undefined;
    });
    expect(described).toMatch(/Normal\s+Held\s.*asks to CREATE deployments\.apps prod\/told/);
    expect(described).toMatch(/Normal\s+Approved\s/);
    const events = await admin('get', 'events', '-n', 'default', '--field-selector', `involvedObject.name=${hold}`);
    expect(events.match(/\b(Held|Approved|Used)\b/g)?.sort()).toEqual(['Approved', 'Held', 'Used']);
  }, 120_000);

  test('a policy that names somebody unknown: refused when it is applied; known once the file has them', async () => {
    const notify: NotifySettings[] = [{ receiver: 'signed' }, { receiver: 'late' }];
    const refused = await patchPolicy(notify);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('spec.notify[1].receiver: "late" is no receiver');
    writeReceivers(`  - { name: late, url: '${receivers.signed.url}', format: JSON }`);
    expect(await patchPolicy(notify)).toMatchObject({ code: 0 });
  }, 60_000);

  test('a receiver whose certificate nobody vouches for: told nothing', async () => {
    const before = receivers.signed.received.length;
    await tell({ receiver: 'late' });
    const hold = await ask('unverified');
    expect(await noted(hold, 'late', () => true)).toMatchObject({
      state: 'Retrying',
      problem: expect.stringMatching(/^connection failed: \w*(CERT|SIGNATURE)\w*$/),
    });
    expect(receivers.signed.received).toHaveLength(before);
  }, 120_000);

  test('a receiver that answers 503, and then not at all: told once it is back, by the same id', async () => {
    const { other } = receivers;
    other.answer(503);
    await tell({ receiver: 'other' });
    const hold = await ask('flaky');
    expect(await noted(hold, 'other', (entry) => entry.attempts >= 1)).toMatchObject({
      state: 'Retrying',
      problem: 'status 503',
    });
    await other.goDown();
    await noted(hold, 'other', (entry) => entry.problem === 'connection failed: ECONNREFUSED');
    other.answer(204);
    await other.comeBack();
    const delivered = await noted(hold, 'other', isDelivered);
    expect(delivered.attempts).toBeGreaterThan(2);
    expect(delivered.problem).toBeUndefined();
    const told = of(other, hold);
    expect(told.length).toBeGreaterThan(1);
    expect(idsOf(told)).toHaveLength(1);
  }, 180_000);

  test('a receiver that hangs: it says so on the hold, and the other is told meanwhile', async () => {
    const { other, signed } = receivers;
    other.answer('hang');
    await tell({ receiver: 'other' }, { receiver: 'signed' });
    const hold = await ask('hanging');
    await noted(hold, 'signed', isDelivered);
    expect(await noted(hold, 'other', () => true)).toMatchObject({
      state: 'Retrying',
      problem: 'no answer within 2 s',
    });
    expect(of(signed, hold)).toHaveLength(1);
    other.answer(200);
    await noted(hold, 'other', isDelivered);
  }, 120_000);

  test('a receiver that redirects: not followed', async () => {
    const { other, chat } = receivers;
    const before = chat.received.length;
    other.answer((response) => void response.writeHead(307, { location: chat.url }).end());
    await tell({ receiver: 'other' });
    const hold = await ask('moved');
    expect(await noted(hold, 'other', () => true)).toMatchObject({
      state: 'Retrying',
      problem: 'status 307: redirects are not followed',
    });
    other.answer(200);
    await noted(hold, 'other', isDelivered);
    expect(chat.received).toHaveLength(before);
  }, 120_000);

  test('a webhook killed after it sent, before it could note that: sent again by the same id', async () => {
    const { other } = receivers;
    other.answer('hang');
    await tell({ receiver: 'other' });
    const hold = await ask('killed');
    await eventually('the receiver has it', () => Promise.resolve(of(other, hold)[0]));
    stack.service('webhook').kill();
    other.answer(200);
    await noted(hold, 'other', isDelivered);
    const told = of(other, hold);
    expect(told.length).toBeGreaterThan(1);
    expect(idsOf(told)).toHaveLength(1);
    expect(bodyOf(told.at(-1) as Received).id).toBe(told[0]?.headers['holdpoint-delivery']);
  }, 120_000);

  test('a write decided before anybody could be told that it waits: that is given up, and said', async () => {
    const { other } = receivers;
    await other.goDown();
    await tell({ receiver: 'other', phases: ['Pending', 'Denied'] });
    const hold = await ask('denied');
    await noted(hold, 'other', (entry) => entry.state === 'Retrying');
    expect(await stack.approvals('approver', ['deny', hold, '--reason', 'No.'])).toMatchObject({ code: 0 });
    expect(await noted(hold, 'other', (entry) => entry.state === 'GivenUp')).toMatchObject({
      phase: 'Pending',
      problem: 'it is pending no more; last: connection failed: ECONNREFUSED',
    });
    other.answer(200);
    await other.comeBack();
    await noted(hold, 'other', (entry) => entry.phase === 'Denied' && isDelivered(entry));
    expect(of(other, hold).map((each) => bodyOf(each).phase)).toEqual(['Denied']);
  }, 180_000);
});
