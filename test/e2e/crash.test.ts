import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployment, pendingHold, startScenario, type ServiceName, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** kill -9 at the worst moment: nothing that was asked, decided or acknowledged may be lost. */
describe('a process of ours is killed', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const killAndAwaitRestart = async (name: ServiceName): Promise<void> => {
    const before = stack.service(name).pid;
    stack.service(name).kill();
    await eventually(`${name} runs again`, async () => {
      const now = stack.service(name).pid;
      return now !== undefined && now !== before && (await stack.service(name).ready()) ? true : undefined;
    });
  };

  test.each<{ killed: ServiceName }>([{ killed: 'webhook' }, { killed: 'auditsink' }])(
    'while a write is held, the $killed: the hold stands, and the waiting kubectl finishes once it is approved',
    async ({ killed }) => {
      const name = `survives-${killed}`;
      const waiting = stack.kubectlStart('agent', ['apply', '-f', '-'], {
        input: deployment(name, 'registry.example/shop/x:1'),
      });
      const hold = await eventually('a hold is pending', () => pendingHold(stack, name));
      await killAndAwaitRestart(killed);
      const approved = await stack.approvals('approver', ['approve', hold]);
      expect(approved).toMatchObject({ code: 0 });
      const done = await waiting.finished;
      expect({ code: done.code, stdout: done.stdout }).toEqual({
        code: 0,
        stdout: `deployment.apps/${name} created\n`,
      });
      const phase = await stack.kubectl('admin', ['get', 'hold', hold, '-o', 'jsonpath={.status.phase}']);
      expect(phase.stdout).toBe('Used');
    },
    120_000,
  );

  test('while a write is held, the proxy: the same command run again picks up where it stood', async () => {
    const name = 'survives-proxy';
    const input = deployment(name, 'registry.example/shop/x:1');
    const waiting = stack.kubectlStart('agent', ['apply', '-f', '-'], { input });
    const hold = await eventually('a hold is pending', () => pendingHold(stack, name));
    await killAndAwaitRestart('proxy');
    await waiting.finished;
    expect(await pendingHold(stack, name)).toBe(hold);
    const again = stack.kubectlStart('agent', ['apply', '-f', '-'], { input });
    await stack.approvals('approver', ['approve', hold]);
    expect(await again.finished).toMatchObject({ code: 0, stdout: `deployment.apps/${name} created\n` });
  }, 120_000);

  test('the audit sink, again and again under load: every event is stored, and once', async () => {
    const rounds = 4;
    const perRound = 8;
    const names: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const writes = Array.from({ length: perRound }, (_, i) => `marker-${String(round)}-${String(i)}`);
      names.push(...writes);
      const created = Promise.all(
        writes.map((name) => stack.kubectl('agent-direct', ['create', 'configmap', name, '-n', 'dev'])),
      );
      await killAndAwaitRestart('auditsink');
      expect((await created).map((answer) => answer.code)).toEqual(writes.map(() => 0));
    }
    const statement =
      "SELECT name, count() AS times FROM audit_events WHERE verb = 'create' AND resource = 'configmaps' " +
      "AND startsWith(name, 'marker-') GROUP BY name ORDER BY name FORMAT TSV";
    const want = [...names].sort().map((name) => `${name}\t1`);
    const stored = await eventually(
      'all events are stored',
      async () => {
        const lines = (await stack.approvals('approver', ['sql', statement])).stdout.trim().split('\n');
        return lines.length >= want.length ? lines : undefined;
      },
      90_000,
    );
    expect(stored).toEqual(want);
  }, 240_000);
});
