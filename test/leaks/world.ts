import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository, startStack, type Stack } from '@holdpoint/local';
import { createCanaries, type Canaries } from '../src/canaries.ts';
import { eventually } from '../src/eventually.ts';
import type { KubeObject } from './kube-object.ts';
import { namespace, placesOf, pods, secrets, type Place } from './places.ts';
import { plantValue } from './search.ts';
import { openWire, type Wire } from '../src/wire.ts';

/** A cluster full of values, with a hostile agent in it. */
export interface World {
  readonly stack: Stack;
  /** The agent, through the proxy. */
  readonly agent: Wire;
  /** The same agent straight at the API server: what it would see without us. */
  readonly direct: Wire;
  /** Governed by nobody: prepares, and looks at what really happened. */
  readonly admin: Wire;
  readonly canaries: Canaries;
  readonly places: readonly Place[];
  /** The object at this path, as admin sees it. @throws Error when there is none */
  see(path: string): Promise<KubeObject>;
  /** Creates it, as admin. @throws Error when it is refused */
  put(collection: string, object: KubeObject): Promise<void>;
}

export const logLines = {
  harmless: 'shop listens on :8080',
  after: 'shop is ready',
};

export async function openWorld(): Promise<World> {
  const stack = await startStack({ manifests: [] });
  const { admin: keys } = stack.files;
  const token = await stack.token('agent', { sid: stack.sessionOf('agent') });
  const admin = openWire(stack.urls.apiServer, stack.caFile, keys);
  const canaries = createCanaries('leaks');
  const world: World = {
    stack,
    admin,
    agent: openWire(stack.service('proxy').url, stack.caFile, { token }),
    direct: openWire(stack.urls.apiServer, stack.caFile, { token }),
    canaries,
    places: placesOf(canaries),
    async see(path) {
      const { code, bytes } = await admin({ path });
      if (code !== 200) throw new Error(`GET ${path}: ${String(code)} ${bytes.toString()}`);
      return JSON.parse(bytes.toString()) as KubeObject;
    },
    async put(collection, object) {
      const { code, bytes } = await admin({ method: 'POST', path: collection, body: object });
      if (code !== 201) throw new Error(`POST ${collection}: ${String(code)} ${bytes.toString()}`);
    },
  };
  try {
    await prepare(world);
  } catch (error) {
    await stack.close();
    throw error;
  }
  return world;
}

async function prepare({ stack, put, see, canaries, places, admin, agent }: World): Promise<void> {
  const kubectl = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await stack.kubectl('admin', args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  };
  await kubectl('apply', '-f', inRepository('test', 'leaks', 'world.yaml'));
  await kubectl('wait', '--for=condition=Established', 'crd/strongboxes.leaks.example', '--timeout=60s');
  await kubectl('wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=60s');
  await kubectl('wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=60s');
  for (const { collection, object } of places) {
    await put(collection, object);
    // Of an object that is created, what it says of its status is dropped.
    if (object['status'] === undefined) continue;
    const path = `${collection}/${object.metadata.name}/status`;
    const { code, bytes } = await admin({ method: 'PATCH', path, body: { status: object['status'] } });
    if (code !== 200) throw new Error(`PATCH ${path}: ${String(code)} ${bytes.toString()}`);
  }
  writeLog(stack, plantValue(canaries, 'a pod’s log'), plantValue(canaries, 'a private key in a pod’s log'));
  await plantAccountToken(put, see, canaries);
  await kubectl('wait', '--for=condition=Ready', 'pod/web', '-n', namespace, '--timeout=60s');
  await eventually('the agent is served', async () => {
    const { code } = await agent({ path: pods });
    return code === 200 ? true : undefined;
  });
}

/** A token of the old kind, which a controller writes into the Secret. */
async function plantAccountToken(put: World['put'], see: World['see'], canaries: Canaries): Promise<void> {
  const name = 'account-token';
  await put(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, annotations: { 'kubernetes.io/service-account.name': 'default' } },
    type: 'kubernetes.io/service-account-token',
  });
  const token = await eventually('the account’s token', async () => {
    const { data } = (await see(`${secrets}/${name}`)) as { data?: { token?: string } };
    return data?.token;
  });
  const signature = Buffer.from(token, 'base64').toString().split('.')[2] ?? '';
  canaries.plantAs('a service account’s token', signature);
}

/** What the kubelet's stand-in serves as every pod's log: lines in the container runtime's format (CRI). */
function writeLog(stack: Stack, password: string, key: string): void {
  const lines = [
    logLines.harmless,
    `connecting to postgres://shop:${password}@db/shop`,
    '-----BEGIN PRIVATE KEY-----',
    `MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${key}`,
    '-----END PRIVATE KEY-----',
    logLines.after,
  ];
  const text = lines.map((line, i) => `2026-01-01T00:00:0${String(i)}.000000000Z stdout F ${line}\n`).join('');
  writeFileSync(join(stack.dir, 'pod-logs', 'pod.log'), text);
}
