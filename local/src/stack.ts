import { chmodSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import { resolveBinaries, type Binaries } from './binaries/binaries.ts';
import { node } from './cluster/node.ts';
import { startApiServer } from './control-plane/api-server.ts';
import { startControllerManager } from './control-plane/controller-manager.ts';
import { startEtcd } from './control-plane/etcd.ts';
import { writeStackFiles, type StackFiles } from './control-plane/files.ts';
import { startKwok } from './control-plane/kwok.ts';
import { startIssuer, type Issuer } from './issuer/issuer.ts';
import { kubeconfigOf, type Credential } from './kubeconfig.ts';
import { reservePorts } from './ports.ts';
import { startCommand, type CommandResult, type RunningCommand, type RunOptions } from './process/command.ts';
import { createLeash, type Leash } from './process/leash.ts';
import type { Supervised } from './process/supervised.ts';
import { inRepository } from './repository.ts';
import { createBalancer } from './services/balancer.ts';
import { commandLineOf, readyPaths, type ServiceName } from './services/command-lines.ts';
import { superviseService, type Service } from './services/supervisor.ts';
import { identities, type IssuedUser, type User } from './users.ts';

export interface StackOptions {
  /** Which of our services run. @default all three */
  services?: readonly ServiceName[];
  /** With more than one, a balancer stands before them, as a Kubernetes Service would. @default 1 */
  webhookReplicas?: number;
  /** The same of the proxy. @default 1 */
  proxyReplicas?: number;
  /** Added to the proxy's command line. */
  proxyFlags?: readonly string[];
  /** Added to the webhook's command line. */
  webhookFlags?: readonly string[];
  /** Added to the audit sink's command line. */
  auditsinkFlags?: readonly string[];
  /** Flags of the API server, by their names: added to its command line, or instead of ours. */
  apiServerFlags?: Readonly<Record<string, string>>;
  /** How long a token lasts that somebody logged in for. @default 15 minutes */
  loginTtlSeconds?: number;
  /** Manifest files, applied in order once the services are ready. */
  manifests?: readonly string[];
  /** Told what is being done, for somebody who waits. */
  onProgress?: (text: string) => void;
  /** Gives the start up: what has been started is ended, and `startStack` rejects. */
  signal?: AbortSignal;
}

/** A whole cluster with Holdpoint in front, all of it real, all of it gone after `close`. */
export interface Stack {
  /** The stack's own folder: logs, keys, data. */
  readonly dir: string;
  /** PEM: signs every server certificate of the stack. */
  readonly caFile: string;
  readonly files: StackFiles;
  readonly issuer: Issuer;
  readonly urls: { readonly apiServer: string; readonly issuer: string };
  /** Everything that is not ours. */
  readonly controlPlane: readonly Supervised[];
  kubeconfig(user: User): string;
  /** The session that is in the token of the agent's kubeconfigs. */
  sessionOf(user: 'agent'): string;
  /** Runs real kubectl as `user`. Never rejects: an exit code is an answer. */
  kubectl(user: User, args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  kubectlStart(user: User, args: readonly string[], options?: RunOptions): RunningCommand;
  /** Starts any other command as `user`, in the stack's folder: helm, or a program that finds its cluster by KUBECONFIG. */
  start(command: string, user: User, args: readonly string[], options?: RunOptions): RunningCommand;
  /** Runs the approvals CLI as `user`, with the auditor's access. */
  approvals(user: User, args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** What the approvals CLI needs to reach the audit sink. */
  readonly auditorEnv: Readonly<Record<string, string>>;
  /** Of several replicas, the first. */
  service(name: ServiceName): Service;
  /** Every replica of the webhook, each at its own URL; see `restartOneByOne`. */
  readonly webhooks: readonly Service[];
  /** The same of the proxy. */
  readonly proxies: readonly Service[];
  token(user: IssuedUser, options?: { sid?: string }): Promise<string>;
  /** Has a file outside `dir` go with the stack, however that ends; or a folder, if nothing else is in it by then. */
  own(path: string): void;
  /** Ends every process and removes the folder. Safe to call twice. */
  close(): Promise<void>;
}

/** What Kubernetes gives a pod by default. */
const podGraceMs = 30_000;
/** Several rounds of the balancer's probe, also on a busy machine. */
const drainDelay = '2s';

const defaultLoginTtlSeconds = 15 * 60;

const allServices: readonly ServiceName[] = ['auditsink', 'webhook', 'proxy'];

/**
 * Starts everything. What is left if it fails, or if this process is killed, is ended and removed all the same.
 *
 * @throws HoldpointError ERR_STACK_FAILED naming what failed, with the end of its log
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const progress = options.onProgress ?? (() => undefined);
  const { signal = new AbortController().signal } = options;
  const binaries = await resolveBinaries(progress, signal);
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-'));
  const leash = createLeash(dir);
  const cleanups: (() => Promise<unknown>)[] = [];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= (async () => {
      leash.refuse();
      for (const cleanup of cleanups.reverse()) await cleanup();
      await leash.stopAll();
      await leash.release();
    })());
  try {
    // What is still on its way when the signal comes fails by itself: nothing more is started, and the rest is ended.
    return await Promise.race([bringUp({ options, progress, binaries, dir, leash, cleanups, close }), abortOf(signal)]);
  } catch (error) {
    await close();
    throw error;
  }
}

interface BringUp {
  options: StackOptions;
  progress: (text: string) => void;
  binaries: Binaries;
  dir: string;
  leash: Leash;
  cleanups: (() => Promise<unknown>)[];
  close: () => Promise<void>;
}

async function bringUp({ options, progress, binaries, dir, leash, cleanups, close }: BringUp): Promise<Stack> {
  const wanted = options.services ?? allServices;
  const replicas = { webhook: options.webhookReplicas ?? 1, proxy: options.proxyReplicas ?? 1 };
  for (const folder of ['logs', 'bin', 'kubeconfigs']) mkdirSync(join(dir, folder), { mode: 0o700 });
  const ports = await reservePorts();
  cleanups.push(() => ports.release());
  const address = (): string => `127.0.0.1:${String(ports.take())}`;
  const issuerPort = ports.take();
  const issuerUrl = `https://127.0.0.1:${String(issuerPort)}`;
  const addresses = { auditsink: address(), webhook: address(), proxy: address() };
  const files = await writeStackFiles(dir, { issuerUrl, auditUrl: `https://${addresses.auditsink}/audit` });
  const env = commandEnvironment(dir, binaries);

  progress('starting etcd, the issuer and the audit sink');
  const services = new Map<ServiceName, Service>();
  const serviceInput = {
    files,
    keys: files.services,
    addresses,
    kubeconfigs: {
      webhook: join(dir, 'kubeconfigs', 'webhook'),
      proxy: join(dir, 'kubeconfigs', 'proxy'),
      auditsink: join(dir, 'kubeconfigs', 'auditsink'),
    },
    dataDir: join(dir, 'data'),
    drainDelay: replicas.webhook > 1 ? drainDelay : '0s',
    proxyDrainDelay: replicas.proxy > 1 ? drainDelay : '0s',
  };
  const moreFlags: Record<ServiceName, readonly string[]> = {
    webhook: options.webhookFlags ?? [],
    proxy: options.proxyFlags ?? [],
    auditsink: options.auditsinkFlags ?? [],
  };
  const startReplica = async (name: ServiceName, processName: string, listen: string): Promise<Service> => {
    const service = await superviseService(
      {
        name: processName,
        command: process.execPath,
        args: [...commandLineOf(name, serviceInput, listen), ...moreFlags[name]],
        logFile: join(dir, 'logs', `${processName}.log`),
        graceMs: name === 'auditsink' ? undefined : podGraceMs,
        url: `https://${listen}`,
        readyPath: readyPaths[name],
        ca: files.caPem,
      },
      leash,
    );
    cleanups.push(() => service.stop());
    return service;
  };
  const startService = async (name: ServiceName): Promise<void> => {
    services.set(name, await startReplica(name, name, addresses[name]));
  };
  const startReplicas = async (name: 'webhook' | 'proxy'): Promise<Service[]> => {
    if (replicas[name] === 1) return [await startReplica(name, name, addresses[name])];
    const own = Array.from({ length: replicas[name] }, address);
    const started = await Promise.all(own.map((listen, i) => startReplica(name, `${name}-${String(i + 1)}`, listen)));
    const balancer = await createBalancer(
      portOf(addresses[name]),
      started.map((replica) => ({ port: portOf(replica.url), isReady: () => replica.ready() })),
    );
    cleanups.push(() => balancer.close());
    await balancer.refresh();
    return started;
  };
  const started: Record<'webhook' | 'proxy', Service[]> = { webhook: [], proxy: [] };
  const [etcd, issuer] = await Promise.all([
    startEtcd({ binary: binaries.etcd, folder: dir, clientPort: ports.take(), peerPort: ports.take() }, leash),
    startIssuer(
      {
        ...{ folder: dir, port: issuerPort, url: issuerUrl, files },
        loginTtlSeconds: options.loginTtlSeconds ?? defaultLoginTtlSeconds,
      },
      leash,
    ),
  ]);
  const apiServerPort = ports.take();
  const kubeconfigs = new Map<User, string>();
  const writeKubeconfig = (name: string, server: string, credential: Credential): string => {
    const file = join(dir, 'kubeconfigs', name);
    writeFileSync(file, kubeconfigOf({ server, ca: files.ca, name, credential }), { mode: 0o600 });
    return file;
  };
  const certified = (keys: { cert: string; key: string }): Credential => ({ type: 'ClientCertificate', ...keys });
  // The sink waits for nothing of the cluster; the API server's first events should find it there.
  writeKubeconfig('auditsink', `https://127.0.0.1:${String(apiServerPort)}`, certified(files.auditsink));
  const sinkStarted = wanted.includes('auditsink') ? startService('auditsink') : Promise.resolve();

  progress('starting kube-apiserver');
  const [apiServer] = await Promise.all([
    startApiServer(
      {
        ...{ binary: binaries.apiServer, folder: dir, port: apiServerPort, etcdUrl: etcd.url, files },
        flags: options.apiServerFlags ?? {},
      },
      leash,
    ),
    sinkStarted,
  ]);

  kubeconfigs.set('admin', writeKubeconfig('admin', apiServer.url, certified(files.admin)));
  const controllers = writeKubeconfig('controller-manager', apiServer.url, certified(files.controllerManager));
  const kubelet = writeKubeconfig('node', apiServer.url, certified(files.node));
  const sid = `session-${Date.now().toString(36)}`;
  for (const user of Object.keys(identities) as IssuedUser[]) {
    const token = await issuer.token(user, user === 'agent' ? { sid } : {});
    const direct = user === 'agent' ? 'agent-direct' : user;
    kubeconfigs.set(direct, writeKubeconfig(direct, apiServer.url, { type: 'Token', token }));
    if (user === 'agent') {
      kubeconfigs.set('agent', writeKubeconfig('agent', `https://${addresses.proxy}`, { type: 'Token', token }));
    }
  }
  const kubeconfig = (user: User): string => kubeconfigs.get(user) ?? '';
  const auditorEnv = {
    HOLDPOINT_SQL_URL: `https://${addresses.auditsink}/query`,
    HOLDPOINT_SQL_TOKEN_FILE: files.queryToken,
    HOLDPOINT_SQL_CA_FILE: files.ca,
  };
  const run = (command: string, user: User, args: readonly string[], runOptions: RunOptions = {}): RunningCommand => {
    const ownEnv = { ...env, ...auditorEnv, KUBECONFIG: kubeconfig(user), ...runOptions.env };
    return startCommand(command, args, { ...runOptions, cwd: dir, env: ownEnv }, leash);
  };
  const kubectl = (user: User, args: readonly string[], runOptions?: RunOptions): Promise<CommandResult> =>
    run(binaries.kubectl, user, args, runOptions).finished;
  const mustApply = async (args: readonly string[], input?: string): Promise<CommandResult> => {
    const result = await kubectl('admin', args, input === undefined ? {} : { input });
    if (result.code === 0) return result;
    throw new HoldpointError('ERR_STACK_FAILED', `kubectl ${args.join(' ')}: ${result.stderr}`);
  };

  progress('starting the controllers and the node');
  const controllerManager = await startControllerManager(
    { binary: binaries.controllerManager, folder: dir, kubeconfig: controllers, files },
    leash,
  );
  const kwokStarted = startKwok(
    { binary: binaries.kwok, folder: dir, port: ports.take(), kubeconfig: kubelet, files },
    leash,
  );
  await mustApply(['apply', '-f', inRepository('deploy', 'crds')]);
  await mustApply(['apply', '-f', inRepository('deploy', 'rbac')]);
  await mustApply(['apply', '-f', '-'], JSON.stringify(node));
  await mustApply(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  const kwok = await kwokStarted;

  progress('starting our services');
  // Without it, the controllers' work, no pod is accepted.
  const defaultAccount = mustApply(['wait', '--for=create', 'serviceaccount/default', '--timeout=30s']);
  await Promise.all([
    defaultAccount,
    ...(['webhook', 'proxy'] as const)
      .filter((name) => wanted.includes(name))
      .map(async (name) => {
        const account = ['-n', 'holdpoint-system', `holdpoint-${name}`];
        const { stdout } = await mustApply(['create', 'token', ...account, '--duration', '24h']);
        const tokenFile = join(dir, 'pki', `${name}.token`);
        writeFileSync(tokenFile, stdout.trim(), { mode: 0o600 });
        writeKubeconfig(name, apiServer.url, { type: 'TokenFile', file: tokenFile });
        started[name] = await startReplicas(name);
        const [first] = started[name];
        if (first !== undefined) services.set(name, first);
      }),
  ]);
  for (const manifest of options.manifests ?? []) await mustApply(['apply', '-f', manifest]);

  return {
    dir,
    caFile: files.ca,
    files,
    issuer,
    urls: { apiServer: apiServer.url, issuer: issuer.url },
    controlPlane: [etcd.child, issuer.child, apiServer.child, controllerManager, kwok],
    kubeconfig,
    sessionOf: () => sid,
    kubectl,
    kubectlStart: (user, args, runOptions) => run(binaries.kubectl, user, args, runOptions),
    start: run,
    approvals: (user, args, runOptions) => run(join(dir, 'bin', 'approvals'), user, args, runOptions).finished,
    auditorEnv,
    service(name) {
      const service = services.get(name);
      if (service === undefined) throw new HoldpointError('ERR_STACK_FAILED', `the stack runs no ${name}`);
      return service;
    },
    webhooks: started.webhook,
    proxies: started.proxy,
    token: (user, tokenOptions) => issuer.token(user, tokenOptions),
    own: (path) => leash.own(path),
    close,
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
  });
}

/** A folder on the PATH with kubectl, helm, approvals and its kubectl plugin; and a home folder of the stack's own. */
function commandEnvironment(dir: string, binaries: Binaries): Record<string, string> {
  const bin = join(dir, 'bin');
  symlinkSync(binaries.kubectl, join(bin, 'kubectl'));
  symlinkSync(binaries.helm, join(bin, 'helm'));
  for (const name of ['approvals', 'kubectl-approvals']) {
    const launcher = join(bin, name);
    writeFileSync(
      launcher,
      `#!/bin/sh\nHOLDPOINT_PROGRAM=${name} exec "${process.execPath}" "${inRepository('approvals-cli', 'src', 'main.ts')}" "$@"\n`,
    );
    chmodSync(launcher, 0o755);
  }
  // kubectl keeps a discovery cache by server address in the home folder: one stack must not read another's.
  return { PATH: [bin, process.env['PATH'] ?? ''].join(delimiter), HOME: dir };
}

/** The files of a folder in the repository, by name. */
export function manifestsIn(...segments: string[]): string[] {
  const folder = inRepository(...segments);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(folder, name));
}
