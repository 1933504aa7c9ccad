import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository, type RunningCommand, type Stack } from '@holdpoint/local';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { buildGoProgram } from './go-program.ts';
import { requestJson } from './request-json.ts';

/**
 * A node whose streams are served as a cluster's are, by test/kubelet. Where kwok, which plays every other part of a node, is
 * not like one: it does not tell a command that its input is over, and its attach shows a log.
 */
export interface Kubelet {
  /** For a pod's `nodeName`. */
  readonly nodeName: string;
  /** SIGKILL, to it and to every command that it runs. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
}

const nodeName = 'node-with-streams';
/** As long as any test. */
const lifeMs = 600_000;

/** Adds the node to the stack's cluster; resolves when it is ready. It ends with the stack. */
export async function startKubelet(stack: Stack): Promise<Kubelet> {
  const binary = await buildGoProgram(inRepository('test', 'kubelet'));
  const address = `127.0.0.1:${String(await freePort())}`;
  const workDir = join(stack.dir, nodeName);
  mkdirSync(workDir);
  const { kubelet, node, ca } = stack.files;
  const args = [
    ...['--listen', address, '--cert', kubelet.cert, '--key', kubelet.key, '--work-dir', workDir],
    ...['--api-server', stack.urls.apiServer, '--ca', ca, '--client-cert', node.cert, '--client-key', node.key],
  ];
  let running: RunningCommand | undefined;
  const start = async (): Promise<void> => {
    const started = stack.start(binary, 'admin', args, { timeoutMs: lifeMs });
    running = started;
    await eventually('the kubelet answers', async () => {
      if (started.ended()) throw new Error(`the kubelet ended: ${started.stderr()}`);
      // Refused: it does not listen yet, and is asked again.
      return requestJson(`https://${address}/healthz`, { method: 'GET', caFile: ca }).catch(() => undefined);
    });
  };
  await start();
  const must = async (args: readonly string[], input = ''): Promise<void> => {
    const { code, stderr } = await stack.kubectl('admin', args, { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  };
  await must(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } }));
  // kwok tells the node's first status, and from then on its conditions alone.
  await must(['wait', '--for=condition=Ready', `node/${nodeName}`, '--timeout=30s']);
  const status = { daemonEndpoints: { kubeletEndpoint: { Port: Number(address.split(':')[1]) } } };
  await must(['patch', 'node', nodeName, '--subresource=status', '-p', JSON.stringify({ status })]);
  return {
    nodeName,
    async kill() {
      if (running?.pid !== undefined) process.kill(running.pid, 'SIGKILL');
      await running?.finished;
    },
    start,
  };
}
