import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployment, pendingHold, restartOneByOne, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** What became of one write: the API server's code, and its words when it was none that we want. */
interface Outcome {
  name: string;
  code: number;
  message: string;
}

/** Agents that write without a pause, each its next ConfigMap as soon as the last is answered, until told to stop. */
interface Writers {
  /** What has been answered so far. */
  outcomes(): readonly Outcome[];
  stop(): Promise<readonly Outcome[]>;
}

function startWriters(stack: Stack, prefix: string, count: number, token: string): Writers {
  const agent = new Agent({ keepAlive: true, maxSockets: count, ca: readFileSync(stack.caFile) });
  const outcomes: Outcome[] = [];
  let stopping = false;
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !stopping; n += 1) {
      const name = `${prefix}-${String(writer)}-${String(n)}`;
      outcomes.push({ name, ...(await createConfigMap(stack, name, token, agent)) });
    }
  };
  const all = Promise.all(Array.from({ length: count }, (_, writer) => write(writer)));
  return {
    outcomes: () => outcomes,
    async stop() {
      stopping = true;
      await all;
      agent.destroy();
      return outcomes;
    },
  };
}

async function createConfigMap(stack: Stack, name: string, token: string, agent: Agent) {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'dev' } });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return await new Promise<{ code: number; message: string }>((resolve, reject) => {
    const url = `${stack.urls.apiServer}/api/v1/namespaces/dev/configmaps`;
    const sent = request(url, { method: 'POST', headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const code = answer.statusCode ?? 0;
        resolve({ code, message: code === 201 ? '' : (JSON.parse(text) as { message: string }).message });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Two replicas behind what a Service does. What an agent may notice of one of them ending is counted from the effects. */
describe('two replicas of the webhook', () => {
  let stack: Stack;
  let token: string;
  beforeAll(async () => {
    stack = await startScenario({ webhookReplicas: 2 });
    token = await stack.token('agent');
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 90_000);

  const created = async (prefix: string): Promise<string[]> => {
    const { stdout } = await stack.kubectl('admin', ['get', 'configmaps', '-n', 'dev', '-o', 'name']);
    return stdout
      .split('\n')
      .map((line) => line.replace('configmap/', ''))
      .filter((name) => name.startsWith(`${prefix}-`))
      .sort();
  };
  const wroteMore = (writers: Writers, than: number): Promise<true> =>
    eventually('the agents go on writing', async () => (writers.outcomes().length > than ? true : undefined));

  test('restarted one by one under load: every write is answered as ever, and done once', async () => {
    const pids = stack.webhooks.map((replica) => replica.pid);
    const writers = startWriters(stack, 'rolling', 8, token);
    await wroteMore(writers, 50);
    await restartOneByOne(stack.webhooks);
    await wroteMore(writers, writers.outcomes().length + 50);
    const outcomes = await writers.stop();

    expect(outcomes.filter(({ code }) => code !== 201)).toEqual([]);
    expect(await created('rolling')).toEqual(outcomes.map(({ name }) => name).sort());
    expect(stack.webhooks.map((replica) => replica.pid).filter((pid) => pids.includes(pid))).toEqual([]);
  }, 180_000);

  test('writes held meanwhile: asked about once, and done when they are approved', async () => {
    const names = ['held-a', 'held-b', 'held-c'];
    const waiting = names.map((name) =>
      stack.kubectlStart('agent-direct', ['apply', '-f', '-'], { input: deployment(name, 'registry.example/x:1') }),
    );
    const holds = await Promise.all(names.map((name) => eventually(`${name} is held`, () => pendingHold(stack, name))));
    await restartOneByOne(stack.webhooks);
    expect(await Promise.all(names.map((name) => pendingHold(stack, name)))).toEqual(holds);
    for (const hold of holds) expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    expect(
      (await Promise.all(waiting.map((each) => each.finished))).map(({ code, stdout }) => ({ code, stdout })),
    ).toEqual(names.map((name) => ({ code: 0, stdout: `deployment.apps/${name} created\n` })));
  }, 180_000);

  test('one is killed under load: what breaks is an error that the agent sees, nothing is admitted unjudged, and it ends', async () => {
    const [victim] = stack.webhooks;
    const before = victim?.pid;
    const writers = startWriters(stack, 'killed', 8, token);
    await wroteMore(writers, 50);
    victim?.kill();
    await eventually('it runs again', async () =>
      victim?.pid !== undefined && victim.pid !== before && (await victim.ready()) ? true : undefined,
    );
    // By then the balancer knows, too: what comes after is answered as ever.
    await wroteMore(writers, writers.outcomes().length + 100);
    const settled = writers.outcomes().length;
    await wroteMore(writers, settled + 200);
    const outcomes = await writers.stop();

    const failed = outcomes.filter(({ code }) => code !== 201);
    // The API server's own words for a webhook that it could not reach, and failurePolicy: Fail.
    for (const { code, message } of failed) {
      expect({ code, message }).toEqual({
        code: 500,
        message: expect.stringMatching(/^Internal error occurred: failed calling webhook "judge\.holdpoint\.dev": /),
      });
    }
    expect(outcomes.slice(settled).filter(({ code }) => code !== 201)).toEqual([]);
    const succeeded = outcomes.filter(({ code }) => code === 201).map(({ name }) => name);
    expect(await created('killed')).toEqual(succeeded.sort());
    console.info(`of ${String(outcomes.length)} writes, ${String(failed.length)} met the killed replica`);
  }, 180_000);
});
