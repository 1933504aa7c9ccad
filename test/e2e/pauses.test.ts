import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type Service, type Stack } from '@holdpoint/local';
import { connectionsTo, residentBytes } from '../src/connections.ts';
import { eventually } from '../src/eventually.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';
import { pausedAt, replicaThatPauses } from '../src/paused-at.ts';

interface Waiting {
  answer: Promise<{ code: number; message: string }>;
  /** Cuts the connection. */
  leave(): void;
}

/** Requests that wait for a person, at two replicas behind a balancer: whoever leaves, dies, or changes their mind meanwhile. */
describe('paused requests', () => {
  let stack: Stack;
  let authorization: string;
  let ca: Buffer;
  beforeAll(async () => {
    stack = await startScenario({ proxyReplicas: 2 });
    // As long as the slowest machine may need for all that happens during a pause.
    await patchPolicy({ spec: { hold: { ...hold, pauseFor: '10m' } } });
    authorization = `Bearer ${await stack.token('agent', { sid: 'paused' })}`;
    ca = readFileSync(stack.caFile);
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const hold = { approvers: [{ kind: 'Group', name: 'sre' }], minApprovals: 1, expiresAfter: '1h', useWithin: '10m' };
  const admin = async (...args: string[]): Promise<string> => {
    const answer = await stack.kubectl('admin', args);
    if (answer.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${answer.stderr}`);
    return answer.stdout;
  };
  const patchPolicy = async (patch: object): Promise<void> => {
    const args = ['patch', 'accesspolicy', 'coding-agents', '--type', 'merge', '-p', JSON.stringify(patch)];
    await admin(...args, '-o', 'name');
    await eventually('the policy is enforced as it is now', async () => {
      const { metadata, status } = JSON.parse(await admin('get', 'accesspolicy', 'coding-agents', '-o', 'json')) as {
        metadata: { generation: number };
        status?: { observedGeneration?: number };
      };
      return status?.observedGeneration === metadata.generation ? true : undefined;
    });
  };
  const replica = (i: 0 | 1): Service => {
    const service = stack.proxies[i];
    if (service === undefined) throw new Error('no such replica');
    return service;
  };
  const metric = async (service: Service, line: string): Promise<number> =>
    metricIn(await metricsText(service.url, stack.caFile), line);
  const open = (service: Service): Promise<number> => pausedAt(stack, service);
  const untilOpen = (service: Service, count: number): Promise<true> =>
    eventually(`${String(count)} paused`, async () => ((await open(service)) === count ? true : undefined), 120_000);
  const pausing = (): Promise<Service> => replicaThatPauses(stack);
  /** Asks for a ConfigMap in production at one replica, on a connection of its own. */
  const create = (service: Service, name: string): Waiting => {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const headers = { authorization, 'content-type': 'application/json', 'content-length': String(body.length) };
    const sent = request(`${service.url}/api/v1/namespaces/prod/configmaps`, {
      method: 'POST',
      headers,
      ca,
      agent: false,
    });
    const answer = new Promise<{ code: number; message: string }>((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (received) => {
        let text = '';
        received.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        received.on('error', reject);
        received.on('end', () => {
          const { message = '' } = JSON.parse(text) as { message?: string };
          resolve({ code: received.statusCode ?? 0, message });
        });
      });
    });
    // A client that leaves awaits nothing; whoever awaits the answer hears of a failure all the same.
    answer.catch(() => undefined);
    sent.end(body);
    return { answer, leave: () => void sent.destroy() };
  };
  const exists = async (name: string): Promise<boolean> =>
    (await stack.kubectl('admin', ['get', 'configmap', name, '-n', 'prod'])).code === 0;
  const decide = async (verdict: 'approve' | 'deny', name: string): Promise<void> => {
    const decided = await stack.approvals('approver', [verdict, name]);
    if (decided.code !== 0) throw new Error(decided.stderr);
  };
  const heldAs = (name: string): Promise<string> => eventually('a hold', () => pendingHold(stack, name));

  test('a thousand wait at one replica, cost the API server nothing, and are all answered by one decision', async () => {
    const service = replica(0);
    const { pid = 0 } = service;
    const before = residentBytes(pid);
    const waiting: Waiting[] = [];
    // In rounds: what is asked here is what waiting costs, not how many the API server takes at once.
    while (waiting.length < 1_000) {
      for (let i = 0; i < 50; i += 1) waiting.push(create(service, 'thousandfold'));
      await untilOpen(service, waiting.length);
    }
    expect(await metric(service, 'holdpoint_proxy_paused_bytes')).toBeGreaterThan(1_000 * 50);

    const apiServerPort = Number(new URL(stack.urls.apiServer).port);
    const upstream = connectionsTo(pid, apiServerPort);
    expect(upstream).toBeLessThan(200);
    const grown = residentBytes(pid) - before;
    expect(grown).toBeLessThan(400 * 1_048_576);
    // The API server tells of the most within the last second: those that have just been held are in it for that long.
    const inFlight = await eventually('no seat is taken by those who wait', async () => {
      const line = 'apiserver_current_inflight_requests{request_kind="mutating"}';
      const seats = metricIn(await admin('get', '--raw', '/metrics'), line);
      return seats < 10 ? { seats } : undefined;
    });
    await admin('create', 'configmap', 'meanwhile', '-n', 'prod');
    expect(await open(service)).toBe(1_000);
    process.stdout.write(
      `1,000 paused: ${String(Math.round(grown / 1_048_576))} MiB more, ${String(upstream)} connections upstream, ` +
        `${String(inFlight.seats)} mutating seats taken\n`,
    );

    await decide('deny', await heldAs('thousandfold'));
    const answers = await Promise.all(waiting.map(({ answer }) => answer));
    expect(answers.filter(({ code, message }) => code !== 403 || !message.includes('was denied by alice'))).toEqual([]);
    await untilOpen(service, 0);
    expect(await metric(service, 'holdpoint_proxy_paused_bytes')).toBe(0);
    expect(await exists('thousandfold')).toBe(false);
  }, 300_000);

  test('one approval of what many wait for: it is done once, and the others are asked about anew', async () => {
    const service = replica(0);
    const waiting = Array.from({ length: 20 }, () => create(service, 'once'));
    await untilOpen(service, 20);
    const first = await heldAs('once');
    await decide('approve', first);
    expect(await Promise.race(waiting.map(({ answer }) => answer))).toMatchObject({ code: 201 });
    await untilOpen(service, 19);
    expect(await heldAs('once')).not.toBe(first);
    for (const { leave } of waiting) leave();
    await untilOpen(service, 0);
  }, 120_000);

  test('a client that leaves: its request is not sent when it is approved, and runs when it is asked again', async () => {
    const left = create(replica(0), 'left');
    const name = await heldAs('left');
    await untilOpen(replica(0), 1);
    left.leave();
    await untilOpen(replica(0), 0);
    await decide('approve', name);
    // What comes later through the same watch has passed: the approval before it was seen, and nobody acted on it.
    const later = create(replica(0), 'later');
    await decide('approve', await heldAs('later'));
    expect(await later.answer).toMatchObject({ code: 201 });
    expect(await exists('left')).toBe(false);
    expect(await admin('get', 'hold', name, '-o', 'jsonpath={.status.phase}')).toBe('Approved');
    // At the other replica, which has never seen it.
    expect(await create(replica(1), 'left').answer).toMatchObject({ code: 201 });
  }, 120_000);

  test('a replica that is killed: the command, run again, meets the same hold at the other', async () => {
    const first = stack.kubectlStart('agent', ['create', 'configmap', 'killed', '-n', 'prod']);
    const name = await heldAs('killed');
    const killed = await pausing();
    const { pid } = killed;
    killed.kill();
    await eventually('it is back', async () => (killed.pid !== pid && (await killed.ready()) ? true : undefined));
    const again = stack.kubectlStart('agent', ['create', 'configmap', 'killed', '-n', 'prod']);
    await pausing();
    expect(await heldAs('killed')).toBe(name);
    first.kill();
    await decide('approve', name);
    expect(await again.finished).toMatchObject({ code: 0, stderr: expect.stringContaining('approved by alice') });
  }, 120_000);

  test('a replica that is ended: kubectl goes on at the other by itself, and a watch ends as the API server ends one', async () => {
    const command = ['create', 'configmap', 'moved', '-n', 'prod'];
    const running = stack.kubectlStart('agent', command);
    const name = await heldAs('moved');
    const ending = await pausing();
    const [other] = stack.proxies.filter((each) => each !== ending);
    const watching = stack.kubectlStart('agent', [
      'get',
      'configmaps',
      '-n',
      'dev',
      '-w',
      '-o',
      'name',
      '--server',
      ending.url,
    ]);
    await eventually('the watch is open', async () => (watching.stdout().includes('kube-root-ca') ? true : undefined));
    await ending.stop();
    expect(await watching.finished).toMatchObject({ code: 0, stderr: '' });
    expect(running.ended()).toBe(false);
    if (other !== undefined) await untilOpen(other, 1);
    expect(await heldAs('moved')).toBe(name);
    await decide('approve', name);
    expect(await running.finished).toMatchObject({ code: 0, stdout: 'configmap/moved created\n' });
    await ending.start();
  }, 120_000);

  test.each([
    {
      situation: 'the policy now refuses it',
      meanwhile: () => patchPolicy({ spec: { defaultAction: 'Deny', rules: [] } }),
      approve: true,
      says: 'refused by the default of policy',
    },
    {
      situation: 'somebody deletes the hold',
      meanwhile: async (name: string) => void (await admin('delete', 'hold', name)),
      approve: false,
      says: 'was deleted',
    },
  ])(
    'while it waits, $situation: nothing happens',
    async ({ situation, meanwhile, approve, says }) => {
      const before = JSON.parse(await admin('get', 'accesspolicy', 'coding-agents', '-o', 'json')) as { spec: object };
      const name = situation.replaceAll(/[^a-z]+/g, '-');
      const waiting = create(replica(0), name);
      const found = await heldAs(name);
      await untilOpen(replica(0), 1);
      await meanwhile(found);
      if (approve) await decide('approve', found);
      const answer = await waiting.answer;
      await patchPolicy({ spec: before.spec });
      expect(answer).toMatchObject({ code: 403, message: expect.stringContaining(says) });
      expect(await exists(name)).toBe(false);
    },
    120_000,
  );

  test('a hold that expires while it is waited for: told, and asked anew when it is run again', async () => {
    await patchPolicy({ spec: { hold: { ...hold, pauseFor: '10m', expiresAfter: '5s' } } });
    const answer = await create(replica(0), 'expired').answer;
    expect(answer).toMatchObject({ code: 403, message: expect.stringContaining('expired: nobody decided in time') });
    await patchPolicy({ spec: { hold: { ...hold, pauseFor: '10m' } } });
    const again = create(replica(1), 'expired');
    await decide('approve', await heldAs('expired'));
    expect(await again.answer).toMatchObject({ code: 201 });
  }, 120_000);
});
