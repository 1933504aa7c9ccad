import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository, startStack, type CommandResult, type Stack, type User } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { openWire } from '../src/wire.ts';
import type { Command, Family } from './command.ts';
import { fixturesIn, nodeNamed } from './fixtures.ts';
import { normalised } from './normalisers.ts';

/** One agent, two ways to the API server. Names of both are of one length, so that no column is wider for one. */
interface Way {
  name: 'way-a' | 'way-b';
  user: User;
}

const direct: Way = { name: 'way-a', user: 'agent-direct' };
const proxied: Way = { name: 'way-b', user: 'agent' };
export const ways: readonly [Way, Way] = [direct, proxied];

export interface World {
  readonly stack: Stack;
  /** Runs it both ways at once; without the noise. */
  runBoth(family: string, command: Command): Promise<[CommandResult, CommandResult]>;
}

export const namespaceOf = (family: string, way: Way): string => `${family}-${way.name}`;

/** @param families what a pair of namespaces is made for */
export async function openWorld(families: readonly Family[]): Promise<World> {
  // Nothing is recorded, and nobody waits for the record: its work would be a quarter of all.
  const stack = await startStack({
    services: ['webhook', 'proxy'],
    apiServerFlags: { 'audit-webhook-config-file': '', 'audit-policy-file': '' },
  });
  try {
    await prepare(stack, families);
  } catch (error) {
    await stack.close();
    throw error;
  }
  return {
    stack,
    async runBoth(family, command) {
      const [a, b] = await Promise.all(ways.map((way) => runOne(stack, family, way, command)));
      if (a === undefined || b === undefined) throw new Error('not both ways have run');
      return [a, b];
    },
  };
}

async function prepare(stack: Stack, families: readonly Family[]): Promise<void> {
  const admin = async (args: readonly string[], input?: string): Promise<void> => {
    const { code, stderr } = await stack.kubectl('admin', args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  };
  const namespacesOf = (each: readonly Family[]): string[] =>
    each.flatMap(({ family }) => ways.map((way) => namespaceOf(family, way)));
  const namespaces = namespacesOf(families);
  const list = (items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await admin(['apply', '-f', inRepository('test', 'differential', 'world.yaml')]);
  await admin(
    ['create', '-f', '-'],
    list([
      ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      ...ways.map(({ name }) => nodeNamed(`node-${name}`)),
    ]),
  );
  // The controllers' work; without an account, no pod is accepted.
  const made = ['serviceaccount/default', 'configmap/kube-root-ca.crt'];
  await Promise.all(namespaces.map((name) => admin(['wait', '--for=create', ...made, '-n', name, patience])));
  await admin(
    ['create', '-f', '-'],
    list(namespacesOf(families.filter(({ isEmpty }) => isEmpty !== true)).flatMap(fixturesIn)),
  );
  writeKustomization(stack.dir);
  await Promise.all([
    admin(['wait', '--for=condition=Enforced', 'accesspolicy', '--all', patience]),
    admin(['wait', '--for=condition=Available', 'deployment', '-A', '-l', 'app=web', patience]),
    admin(['wait', '--for=condition=Ready', 'pod', '-A', '-l', 'app=lone', patience]),
    // The disruption controller counts pods a moment after they are there.
    admin(['wait', '--for=jsonpath={.status.currentHealthy}=2', 'pdb', '-A', '--all', patience]),
  ]);
}

/** Of kubectl's waits: longer than the slowest machine needs. */
const patience = '--timeout=120s';

/** For `-k`: in the folder that commands run in. */
function writeKustomization(dir: string): void {
  const folder = join(dir, 'kustomization');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    JSON.stringify({ configMapGenerator: [{ name: 'generated', literals: ['colour=red'] }] }),
  );
}

/** So many that a list of them comes in pages and packed: the same for both ways. */
export async function createMany(stack: Stack, namespace: string, count: number): Promise<void> {
  const data = { text: 'x'.repeat(200) };
  const items = Array.from({ length: count }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `many-${String(i).padStart(5, '0')}`, namespace },
    data,
  }));
  const admin = openWire(stack.urls.apiServer, stack.caFile, stack.files.admin);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  for (let at = 0; at < count; at += createdTogether) {
    const made = items.slice(at, at + createdTogether).map((body) => admin({ method: 'POST', path, body }));
    const failed = (await Promise.all(made)).find(({ code }) => code !== 201);
    if (failed !== undefined) throw new Error(`POST ${path}: ${String(failed.code)} ${failed.bytes.toString()}`);
  }
}

const createdTogether = 50;

async function runOne(stack: Stack, family: string, way: Way, command: Command): Promise<CommandResult> {
  const namespace = namespaceOf(family, way);
  const own = (text: string): string => text.replaceAll('{ns}', namespace).replaceAll('{way}', way.name);
  const { program = 'kubectl', words, input, env = {}, until } = command;
  const isCli = program === 'kubectl' || program === 'helm';
  const running = stack.start(program, way.user, [...(isCli ? ['-n', namespace] : []), ...words.map(own)], {
    ...(input === undefined ? {} : { input: own(input) }),
    env,
  });
  if (until !== undefined) {
    const shown = (): boolean => until.every((text) => running.stdout().includes(text));
    await eventually(`${words.join(' ')} shows ${until.join(', ')}`, async () =>
      shown() || running.ended() ? true : undefined,
    );
    running.kill();
  }
  const { code, stdout, stderr } = await running.finished;
  // Ended by us, it says what it had time for.
  const text = normalised(stdout);
  const ordered = command.unordered === true ? text.split('\n').sort().join('\n') : text;
  return { code: until === undefined ? code : 0, stdout: ordered, stderr: normalised(stderr) };
}
