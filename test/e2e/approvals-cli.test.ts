import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Grant, Hold } from '@holdpoint/core';
import { pendingHold, startCommand, startScenario, type CommandResult, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** Each command of the CLI, for real: by whom it may be used, and what it does in the cluster. */
describe('the approvals CLI', () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    stack = await startScenario();
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-cli-'));
  }, 180_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stack?.close();
  }, 60_000);

  const ask = async (name: string) => {
    const running = stack.kubectlStart('agent', ['create', 'configmap', name, '-n', 'prod']);
    const hold = await eventually(`a hold about ${name}`, () => pendingHold(stack, name));
    return { running, hold };
  };
  const cli = (user: Parameters<Stack['approvals']>[0], ...args: string[]): Promise<CommandResult> =>
    // A pipeline's variable, by which a library for colours would colour what is piped.
    stack.approvals(user, args, { env: { CI: 'true' } });

  test('two are asked for: listed, approved in one command, in the history with who and why', async () => {
    const [one, two] = [await ask('one'), await ask('two')];
    const inbox = await cli('approver', 'list', '-o', 'name');
    // Of one second: by name, among themselves.
    expect(inbox.stdout.trim().split('\n').sort()).toEqual(
      [one, two].map(({ hold }) => `hold.holdpoint.dev/${hold}`).sort(),
    );
    expect((await cli('approver', 'list', '--subject', 'nobody')).stderr).toContain('No holds are pending.');
    const approved = await cli('approver', 'approve', one.hold, two.hold, '--reason', 'both are fine');
    expect(approved).toMatchObject({ code: 0, stderr: '' });
    expect(await one.running.finished).toMatchObject({ code: 0 });
    expect(await two.running.finished).toMatchObject({ code: 0 });
    const history = await cli('approver', 'history', '--since', '1h', '--no-headers');
    expect(history.stdout.trim().split('\n')[0]).toMatch(/Used +coding-agent .*alice .*both are fine/);
    expect((await cli('approver', 'list', '--all', '-o', 'name')).stdout).toContain(one.hold);
  }, 90_000);

  test('refused in kubectl’s form: the agent, a person who approves nothing, wrong usage, no such hold', async () => {
    const { running, hold } = await ask('refused');
    expect(await cli('agent-direct', 'approve', hold)).toMatchObject({ code: 1, stdout: '' });
    const person = await cli('person', 'list');
    expect(person.code).toBe(1);
    expect(person.stderr).toMatch(/^Error from server \(Forbidden\): .*cannot list resource "holds"/);
    expect(await cli('approver', 'approve', 'h-none')).toMatchObject({ code: 1 });
    expect(await cli('approver', 'approve', hold, '--grant', 'soon')).toMatchObject({ code: 2, stdout: '' });
    expect(await cli('approver', 'aprove', hold)).toMatchObject({ code: 2 });
    const both = await cli('approver', 'deny', 'h-none', hold, '--reason', 'not today');
    expect(both.code).toBe(1);
    expect(both.stdout).toContain(`${hold} denied`);
    const done = await running.finished;
    expect(done.code).not.toBe(0);
    expect(done.stderr).toContain('not today');
  }, 90_000);

  test('show: an update as a diff with the lines around it; a delete with what goes with it', async () => {
    const image = ['set', 'image', 'deployment/web', '-n', 'prod', 'web=registry.example/shop/web:2.0'];
    const update = stack.kubectlStart('agent', image);
    const changed = await eventually('a hold', () => pendingHold(stack, 'web'));
    const shown = (await cli('approver', 'show', changed)).stdout;
    expect(shown).toMatch(/^@@ .*@@$/m);
    expect(shown).toMatch(/^-.*web:1\.0$/m);
    expect(shown).toMatch(/^\+.*web:2\.0$/m);
    expect(shown).toMatch(/^ .*name: web$/m);
    expect(shown).not.toContain('\u001b');
    await cli('approver', 'deny', changed);
    await update.finished;

    const removal = stack.kubectlStart('agent', ['delete', 'deployment', 'web', '-n', 'prod']);
    const removed = await eventually('a hold', () => pendingHold(stack, 'web'));
    const card = (await cli('approver', 'show', removed)).stdout;
    expect(card).toContain('dependents go after it (Background)');
    expect(card).toMatch(/^ {2}replicasets\.apps\/web-/m);
    expect(card).toMatch(/^ {2}pods\/web-/m);
    expect(card).toMatch(/Warning: you may not look up: .*secrets/);
    await cli('approver', 'deny', removed);
    await removal.finished;
  }, 90_000);

  test('a masked value that changes: said', async () => {
    const args = ['create', 'secret', 'generic', 'masked', '-n', 'prod', '--from-literal=key=value-of-a-secret'];
    const running = stack.kubectlStart('agent', args);
    const hold = await eventually('a hold', () => pendingHold(stack, 'masked'));
    const { stdout } = await cli('approver', 'show', hold);
    expect(stdout).toContain('Warning: this holds masked values');
    await cli('approver', 'deny', hold);
    await running.finished;
  }, 60_000);

  test('--grant: the next passes without asking; revoked, it is asked for again', async () => {
    const { running, hold } = await ask('granted-1');
    const approved = await cli('approver', 'approve', hold, '--grant', '10m', '--uses', '3', '-n', 'prod');
    expect(approved.code).toBe(0);
    const [, name = ''] = /grant\.holdpoint\.dev\/(\S+) given to coding-agent until/.exec(approved.stdout) ?? [];
    await running.finished;
    const passes = ['create', 'configmap', 'granted-2', '-n', 'prod'];
    expect(await stack.kubectl('agent', passes)).toMatchObject({ code: 0 });
    const grants = JSON.parse((await cli('approver', 'grants', '-o', 'json')).stdout) as { items: Grant[] };
    expect(grants.items.map(({ spec }) => spec)).toMatchObject([
      {
        subject: { username: 'coding-agent', session: stack.sessionOf('agent') },
        scope: { namespaces: ['prod'] },
        maxUses: 3,
      },
    ]);
    expect(await cli('approver', 'revoke', name, '--reason', 'enough')).toMatchObject({ code: 0 });
    expect((await cli('approver', 'grants')).stderr).toContain('No grants are in force.');
    const again = await ask('granted-3');
    await cli('approver', 'deny', again.hold);
    await again.running.finished;
    const rule = ['--rule', 'coding-agents/production-writes', '--for', '5m'];
    expect(await cli('approver', 'grant', 'coding-agent', ...rule)).toMatchObject({ code: 0 });
    // An agent that asks for one is held, as for any other write.
    expect(await cli('agent-direct', 'grant', 'coding-agent', ...rule)).toMatchObject({ code: 1 });
    const { items } = JSON.parse((await cli('approver', 'list', '-o', 'json')).stdout) as { items: Hold[] };
    expect(items.map(({ spec }) => spec.request.resource.resource)).toEqual(['grants']);
    expect(await cli('approver', 'deny', items[0]?.metadata.name ?? '')).toMatchObject({ code: 0 });
    const given = (await cli('approver', 'grants', '-o', 'name')).stdout.trim().split('/')[1] ?? '';
    expect(await cli('second-approver', 'revoke', given)).toMatchObject({ code: 0 });
  }, 90_000);

  test('watch: a line a hold, as it comes; a signal ends it with 0', async () => {
    const watching = startCommand(
      join(stack.dir, 'bin', 'approvals'),
      ['watch', '--exec', 'echo "told of $HOLDPOINT_HOLD"'],
      {
        env: { KUBECONFIG: stack.kubeconfig('approver') },
      },
    );
    const { running, hold } = await ask('watched');
    await eventually('the watch tells', async () => watching.stdout().includes(`told of ${hold}`) || undefined);
    expect(watching.stdout()).toMatch(new RegExp(`^${hold}  Pending  coding-agent  CREATE configmaps/watched`, 'm'));
    await cli('approver', 'deny', hold);
    await running.finished;
    watching.kill();
    expect((await watching.finished).code).toBe(0);
  }, 60_000);

  test('completion, sourced in bash, offers the holds that are pending; kubectl’s plugin works', async () => {
    const { running, hold } = await ask('completed');
    const script = join(folder, 'completion.bash');
    writeFileSync(script, (await cli('approver', 'completion', 'bash')).stdout);
    const program = `source ${script}; COMP_WORDS=(approvals approve h-); COMP_CWORD=2; _approvals; echo "\${COMPREPLY[@]}"`;
    const env = {
      KUBECONFIG: stack.kubeconfig('approver'),
      PATH: `${join(stack.dir, 'bin')}:${process.env['PATH'] ?? ''}`,
    };
    const completed = await startCommand('bash', ['-c', program], { env }).finished;
    expect(completed.stdout.trim().split(' ')).toContain(hold);
    expect((await stack.kubectl('approver', ['approvals', 'list'])).stdout).toContain(hold);
    await cli('approver', 'deny', hold);
    await running.finished;
  }, 60_000);

  test('kubeconfig: real kubectl works with it, through the proxy', async () => {
    const [token, file] = [join(folder, 'token'), join(folder, 'kubeconfig')];
    writeFileSync(token, await stack.token('agent'));
    const where = ['--server', stack.service('proxy').url, '--certificate-authority', stack.caFile, '-o', file];
    expect(await cli('person', 'kubeconfig', ...where)).toMatchObject({ code: 2 });
    expect(await cli('person', 'kubeconfig', ...where, '--token-file', token)).toMatchObject({ code: 0 });
    const secrets = await stack.kubectl('person', [
      '--kubeconfig',
      file,
      'get',
      'secret',
      'db-credentials',
      '-n',
      'prod',
      '-o',
      'yaml',
    ]);
    expect(secrets.code).toBe(0);
    expect(secrets.stdout).not.toContain(Buffer.from('correct-horse-battery-staple').toString('base64'));
  }, 60_000);

  test('5,000 finished holds: the inbox stays the inbox, and the newest are found', async () => {
    const kept = await ask('kept');
    const template = JSON.parse(
      (await stack.kubectl('admin', ['get', 'hold', kept.hold, '-o', 'json'])).stdout,
    ) as Hold;
    await stack.service('webhook').stop();
    await stack.kubectl('admin', ['delete', 'validatingwebhookconfigurations,mutatingwebhookconfigurations', '--all']);
    await createFinished(stack, template, 5_000);
    const timings: string[] = [];
    const timed = async (...args: string[]): Promise<CommandResult> => {
      const started = performance.now();
      const result = await cli('approver', ...args);
      timings.push(`${args.join(' ')}: ${String(Math.round(performance.now() - started))} ms`);
      return result;
    };
    await timed('--version');
    const inbox = await timed('list', '-o', 'name');
    expect(inbox.stdout.trim().split('\n')).toEqual([`hold.holdpoint.dev/${kept.hold}`]);
    const history = await timed('history', '--no-headers');
    expect(history.stdout.trim().split('\n')).toHaveLength(50);
    expect(history.stderr).toMatch(/The newest 50 of 50\d\d holds/);
    const all = await timed('list', '--all', '--limit', '5', '-o', 'name');
    expect(all.stdout.trim().split('\n')).toHaveLength(5);
    expect(await timed('show', kept.hold)).toMatchObject({ code: 0 });
    process.stderr.write(`with 5,000 finished holds of 20 KiB: ${timings.join('; ')}\n`);
    kept.running.kill();
  }, 300_000);
});

/** As many at once as keep both sides busy. */
const writersAtOnce = 16;

async function createFinished(stack: Stack, template: Hold, count: number): Promise<void> {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: writersAtOnce,
    ca: readFileSync(stack.caFile),
    cert: readFileSync(stack.files.admin.cert),
    key: readFileSync(stack.files.admin.key),
  });
  const padding = 'x'.repeat(20_000);
  const create = (i: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const hold = {
        ...template,
        metadata: { name: `h-finished-${String(i)}`, labels: template.metadata.labels },
        spec: { ...template.spec, change: { type: 'Create', object: { padding } } },
        status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', at: new Date().toISOString() }] },
      };
      const url = `${stack.urls.apiServer}/apis/holdpoint.dev/v1alpha1/holds`;
      const sent = request(
        url,
        { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
        (answer) => {
          answer.resume();
          answer.on('end', () =>
            answer.statusCode === 201
              ? resolve()
              : reject(new Error(`hold ${String(i)}: ${String(answer.statusCode)}`)),
          );
        },
      );
      sent.on('error', reject);
      sent.end(JSON.stringify(hold));
    });
  const next = Array.from({ length: count }, (_, i) => i).values();
  const write = async (): Promise<void> => {
    for (const i of next) await create(i);
  };
  await Promise.all(Array.from({ length: writersAtOnce }, write));
  agent.destroy();
}
