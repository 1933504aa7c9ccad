import { fork } from 'node:child_process';
import { join } from 'node:path';
import { identities, startStack, type Stack } from '@holdpoint/local';
import { eventually } from '../../src/eventually.ts';
import { applyAll, auditAddressOf, freePort, must, pidOf } from '../load/bench-stack.ts';
import { buildGoServer, startGoServer } from '../load/go-server.ts';
import type { ProxyArm, RunningArm } from './arms.ts';
import { benchNamespace, createSecrets, permissions, singleObjects } from './objects.ts';

/** A real API server, what is read from it, and every way to it. */
export interface ProxyBench {
  stack: Stack;
  arms: Readonly<Record<ProxyArm, RunningArm>>;
  /** Where an ungoverned `kubectl exec` goes through `kubectl proxy`: as the admin, with terminals let through. */
  kubectlProxyUrl: string;
  apiServerPid: number;
  /** Every process that runs for the benchmark, the clients' and our own aside. */
  pids: readonly number[];
  close(): Promise<void>;
}

/**
 * Brings everything up. Of our services webhook and proxy run; audit events, recordings and transcripts go to a server that
 * answers 200 and drops them, so that what is measured does not share its two cores with a store at work.
 */
export async function startProxyBench(onProgress: (text: string) => void): Promise<ProxyBench> {
  onProgress('building the Go programs');
  const [discarding, goProxy] = [await buildGoServer('go-webhook'), await buildGoServer('go-proxy')];
  const stack = await startStack({
    services: ['webhook', 'proxy'],
    // Priority and fairness counts a long list as many requests, and refuses the 64th of 5,000 Secrets at once with 429.
    apiServerFlags: { 'enable-priority-and-fairness': 'false' },
    onProgress,
  });
  const stops: (() => void)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops) stop();
    await stack.close();
  };
  try {
    const common = { keys: stack.files.services, caFile: stack.caFile };
    const audit = await startGoServer(discarding, { ...common, address: auditAddressOf(stack) });
    stops.push(audit.stop);

    onProgress('creating what is read');
    await applyAll(stack, [...permissions(identities.agent), ...singleObjects()]);
    await must(stack, ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s']);
    await must(stack, ['wait', '--for=condition=Ready', 'pod/terminal', '-n', benchNamespace, '--timeout=60s']);
    await createSecrets(stack);

    onProgress('starting the other proxies');
    const token = await stack.token('agent');
    const address = `127.0.0.1:${String(await freePort())}`;
    const go = await startGoServer(goProxy, {
      ...common,
      address,
      args: [
        ...['--upstream', stack.urls.apiServer, '--ca', stack.caFile, '--issuer', stack.urls.issuer],
        ...['--token-file', join(stack.dir, 'pki', 'proxy.token')],
      ],
    });
    stops.push(go.stop);
    const passThrough = await startPassThrough(stack);
    stops.push(passThrough.stop);
    const kubectlProxy = await startKubectlProxy(stack, 'agent-direct');
    const adminProxy = await startKubectlProxy(stack, 'admin');
    stops.push(kubectlProxy.stop, adminProxy.stop);

    const holdpoint = stack.service('proxy');
    const arms: Record<ProxyArm, RunningArm> = {
      direct: { url: stack.urls.apiServer, token },
      'pass-through': { url: passThrough.url, token, pid: passThrough.pid },
      'kubectl-proxy': { url: kubectlProxy.url, token: '', pid: kubectlProxy.pid },
      'go-proxy': { url: `https://${address}`, token, pid: go.pid },
      holdpoint: { url: holdpoint.url, token, pid: pidOf(holdpoint) },
    };
    const apiServerPid = pidOf(stack.controlPlane.find(({ name }) => name === 'kube-apiserver'));
    const others = [...stack.controlPlane, stack.service('webhook')].map(pidOf);
    const proxies = Object.values(arms).flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    return {
      ...{ stack, arms, apiServerPid, close },
      kubectlProxyUrl: adminProxy.url,
      pids: [audit.pid, adminProxy.pid, ...proxies, ...others],
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Started {
  url: string;
  pid: number;
  stop(): void;
}

async function startPassThrough(stack: Stack): Promise<Started> {
  const { cert, key } = stack.files.services;
  const child = fork(join(import.meta.dirname, 'pass-through-process.ts'), [
    ...[stack.urls.apiServer, stack.caFile, cert, key],
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', (code) => reject(new Error(`the pass-through ended with ${String(code)}`)));
  });
  return { url: `https://127.0.0.1:${String(port)}`, pid: child.pid ?? 0, stop: () => child.disconnect() };
}

/** Longer than any run of the benchmark. */
const longestRunMs = 6 * 3_600_000;

/** `kubectl proxy` forbids terminals by default. */
async function startKubectlProxy(stack: Stack, user: 'agent-direct' | 'admin'): Promise<Started> {
  const running = stack.kubectlStart(user, ['proxy', '--port=0', '--reject-paths=^$'], { timeoutMs: longestRunMs });
  const port = await eventually('kubectl proxy serves', async () => /127\.0\.0\.1:(\d+)/.exec(running.stdout())?.[1]);
  return { url: `http://127.0.0.1:${port}`, pid: pidOf(running), stop: () => running.kill() };
}
