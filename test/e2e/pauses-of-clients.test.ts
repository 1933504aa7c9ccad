import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hold } from '@holdpoint/core';
import { pendingHold, startScenario, type RunningCommand, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { replicaThatPauses } from '../src/paused-at.ts';
import { chart } from './clients/client.ts';
import { decideWhile, holdsAbout } from './clients/run-and-decide.ts';

/** kubectl repeats no upgrade that is refused. What it does is to fall back from WebSocket to SPDY, which is a second try. */
const transports: { transport: string; env: Readonly<Record<string, string>>; moves: number }[] = [
  { transport: 'WebSocket first', env: {}, moves: 1 },
  { transport: 'SPDY alone', env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }, moves: 0 },
];

/** What real clients make of what happens while they wait: a proxy that ends under helm and under a terminal, and time that runs out. */
describe('clients that wait', () => {
  let stack: Stack;
  let pod: string;
  beforeAll(async () => {
    stack = await startScenario({ proxyReplicas: 2 });
    await setPolicy({ hold });
    const { stdout } = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    pod = (stdout.split('\n')[0] ?? '').replace('pod/', '');
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  // As long as the slowest machine may need for all that happens during a pause.
  const hold = { approvers: [{ kind: 'Group', name: 'sre' }], expiresAfter: '1h', useWithin: '10m', pauseFor: '10m' };
  /** No rules: what no rule names is held. */
  const setPolicy = async (spec: object): Promise<void> => {
    const patch = JSON.stringify({ spec: { rules: [], ...spec } });
    const args = ['patch', 'accesspolicy', 'coding-agents', '--type', 'merge', '-p', patch, '-o', 'name'];
    expect(await stack.kubectl('admin', args)).toMatchObject({ code: 0 });
    await eventually('the policy is enforced as it is now', async () => {
      const { stdout } = await stack.kubectl('admin', ['get', 'accesspolicy', 'coding-agents', '-o', 'json']);
      const { metadata, status } = JSON.parse(stdout) as {
        metadata: { generation: number };
        status?: { observedGeneration?: number };
      };
      return status?.observedGeneration === metadata.generation ? true : undefined;
    });
  };
  const heldAs = (name: string): Promise<string> => eventually('a hold', () => pendingHold(stack, name));
  const approve = async (name: string): Promise<void> =>
    expect(await stack.approvals('approver', ['approve', name])).toMatchObject({ code: 0 });
  const phaseOf = async (name: string): Promise<string> =>
    (await stack.kubectl('admin', ['get', 'hold', name, '-o', 'jsonpath={.status.phase}'])).stdout;
  const exists = async (name: string): Promise<boolean> =>
    (await stack.kubectl('admin', ['get', 'configmap', name, '-n', 'prod'])).code === 0;
  const create = (name: string): RunningCommand =>
    stack.kubectlStart('agent', ['create', 'configmap', name, '-n', 'prod']);
  const upgrade = (name: string): RunningCommand =>
    stack.start('helm', 'agent', ['upgrade', '--install', name, chart, '-n', 'prod'], { timeoutMs: 300_000 });
  const pendingAbout = (name: string): Promise<Hold> =>
    eventually('a hold', async () => (await holdsAbout(stack, name)).find(({ status }) => status?.phase === 'Pending'));
  /** What was asked about a release, and what became of each question. */
  const questions = async (name: string): Promise<string[]> =>
    (await holdsAbout(stack, name))
      .map(({ spec: { request }, status }) => {
        const what = String(request.name).startsWith('sh.helm') ? 'the record' : String(request.kind);
        return `${String(request.operation)} ${what}: ${String(status?.phase)}`;
      })
      .sort();
  /** Approves what a release asks next, and waits until it has been done. */
  const approveNext = async (name: string): Promise<void> => {
    const hold = (await pendingAbout(name)).metadata.name ?? '';
    await approve(hold);
    await eventually('it was done', async () => ((await phaseOf(hold)) === 'Used' ? true : undefined));
  };
  const killReplica = async (): Promise<void> => {
    const killed = await replicaThatPauses(stack);
    const { pid } = killed;
    killed.kill();
    await eventually('it is back', async () => (killed.pid !== pid && (await killed.ready()) ? true : undefined));
  };

  test('helm, whose proxy ends under each of its questions: goes on at the other, and is asked nothing twice', async () => {
    const name = 'rolled';
    const running = upgrade(name);
    for (let asked = 0; asked < 4; asked += 1) {
      await pendingAbout(name);
      const ending = await replicaThatPauses(stack);
      await ending.stop();
      await replicaThatPauses(stack, ending);
      await ending.start();
      await approveNext(name);
    }
    expect(await running.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('STATUS: deployed') });
    expect(await questions(name)).toEqual([
      'CREATE ConfigMap: Used',
      'CREATE Deployment: Used',
      'CREATE the record: Used',
      'UPDATE the record: Used',
    ]);
  }, 300_000);

  test('helm, whose proxy is killed under its first question: fails, has written nothing, and asks for its record anew', async () => {
    const name = 'killed-first';
    const running = upgrade(name);
    await pendingAbout(name);
    await killReplica();
    expect(await running.finished).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Error: create: .*: EOF\n$/),
    });
    expect(await questions(name)).toEqual(['CREATE the record: Pending']);
    const again = upgrade(name);
    await eventually('it is asked anew: the time of its run is in it', async () =>
      (await questions(name)).length === 2 ? true : undefined,
    );
    await decideWhile(again, stack, name, () => ({ verdict: 'approve' }));
    expect(await again.finished).toMatchObject({ code: 0 });
    expect(await questions(name)).toEqual([
      'CREATE ConfigMap: Used',
      'CREATE Deployment: Used',
      // Nobody comes for the first one any more: it lapses.
      'CREATE the record: Approved',
      'CREATE the record: Used',
      'UPDATE the record: Used',
    ]);
  }, 300_000);

  test('helm, whose proxy is killed under an object: fails, writes that down, and the same again finds its approval', async () => {
    const name = 'killed-second';
    const running = upgrade(name);
    await approveNext(name);
    const cut = (await pendingAbout(name)).metadata.name ?? '';
    await killReplica();
    await decideWhile(running, stack, name, () => ({ verdict: 'approve' }));
    expect(await running.finished).toMatchObject({ code: 1, stderr: expect.stringContaining('EOF') });
    expect(await phaseOf(cut)).toBe('Approved');
    const again = upgrade(name);
    await decideWhile(again, stack, name, () => ({ verdict: 'approve' }));
    expect(await again.finished).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('REVISION: 2'),
      stderr: expect.stringContaining(`Warning: approved by alice (${cut})`),
    });
    expect(await phaseOf(cut)).toBe('Used');
  }, 300_000);

  describe.each(transports)('a held terminal, over $transport', ({ transport, env, moves }) => {
    const mark = transport.replaceAll(' ', '-');
    const shell = (): RunningCommand =>
      stack.kubectlStart('agent', ['exec', '-n', 'prod', pod, '--', 'echo', mark], { env });
    test(`moves ${String(moves)} times, then ends saying what to do, and the same again goes on where it stood`, async () => {
      const running = shell();
      const name = await heldAs(pod);
      let at = await replicaThatPauses(stack);
      for (let moved = 0; moved < moves; moved += 1) {
        await at.stop();
        const next = await replicaThatPauses(stack, at);
        await at.start();
        at = next;
      }
      expect(running.ended()).toBe(false);
      await at.stop();
      expect(await running.finished).toMatchObject({
        code: 1,
        stdout: '',
        stderr:
          `error: unable to upgrade connection: hold ${name} is still open, and this proxy is about to end. ` +
          'Run the same command again: it picks up where it stood.\n',
      });
      await at.start();
      await approve(name);
      expect(await shell().finished).toMatchObject({ code: 0, stdout: `${mark}\n` });
    }, 180_000);
  });

  test('a held terminal that has moved, approved there: opens', async () => {
    const running = stack.kubectlStart('agent', ['exec', '-n', 'prod', pod, '--', 'echo', 'moved']);
    const name = await heldAs(pod);
    const ending = await replicaThatPauses(stack);
    await ending.stop();
    await replicaThatPauses(stack, ending);
    await approve(name);
    expect(await running.finished).toEqual({ code: 0, stdout: 'moved\n', stderr: '' });
    await ending.start();
  }, 120_000);

  test('a hold that expires while kubectl waits, or helm: told; an approval that comes late is refused, and the same again is asked anew', async () => {
    await setPolicy({ hold: { ...hold, expiresAfter: '5s' } });
    const running = create('too-late');
    const release = upgrade('release-too-late');
    const name = await heldAs('too-late');
    expect(await release.finished).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Error: create: .* expired: nobody decided in time\. Run the command again to ask anew\.\n$/,
      ),
    });
    expect(await questions('release-too-late')).toHaveLength(1);
    expect(await running.finished).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: failed to create configmap: hold ${name} expired: nobody decided in time. Run the command again to ask anew.\n`,
    });
    for (const late of [
      stack.approvals('approver', ['approve', name]),
      stack.kubectl('approver', ['annotate', 'hold', name, 'holdpoint.dev/decision=approve']),
    ]) {
      expect(await late).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`hold ${name} is Expired; only a Pending hold can be decided`),
      });
    }
    await setPolicy({ hold });
    const again = create('too-late');
    const anew = await eventually('a hold of its own', async () => {
      const found = await pendingHold(stack, 'too-late');
      return found === name ? undefined : found;
    });
    expect(await exists('too-late')).toBe(false);
    await approve(anew);
    expect(await again.finished).toMatchObject({ code: 0 });
  }, 120_000);

  test('an approval that lapses before the proxy comes to use it: told, and nothing is done', async () => {
    await setPolicy({ hold: { ...hold, useWithin: '2s' } });
    const running = create('lapsed');
    const name = await heldAs('lapsed');
    const { pid = 0 } = await replicaThatPauses(stack);
    process.kill(pid, 'SIGSTOP');
    try {
      await approve(name);
      await sleep(3_000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await running.finished).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: failed to create configmap: hold ${name} lapsed: its approval was not used in time. Run the command again to ask anew.\n`,
    });
    expect(await exists('lapsed')).toBe(false);
  }, 120_000);
});
