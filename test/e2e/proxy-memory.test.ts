import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { residentBytes } from '../src/connections.ts';
import { eventually } from '../src/eventually.ts';
import { openWire } from '../src/wire.ts';

const mebibyte = 1_048_576;

/** What a hostile agent can make the proxy hold: it has as much as any user, and waits for itself alone. */
describe('memory of one user', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
    const person = { kind: 'User', name: 'carol' };
    const policy = {
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'carol' },
      spec: { subjects: [person], defaultAction: 'Allow', reads: { defaultAction: 'Allow' } },
    };
    await admin(['create', '-f', '-'], JSON.stringify(policy));
    await admin(['create', 'rolebinding', 'carol', '-n', 'dev', '--clusterrole=edit', '--user=carol']);
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const admin = async (args: readonly string[], input?: string): Promise<void> => {
    const { code, stderr } = await stack.kubectl('admin', args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(stderr);
  };

  test('writes that never end, on many connections: little is held, and another user is served meanwhile', async () => {
    const { pid = 0, url = '' } = stack.proxies[0] ?? {};
    const authorization = `Bearer ${await stack.token('agent')}`;
    const ca = readFileSync(stack.caFile);
    const length = 3 * mebibyte;
    const begin = (): ClientRequest => {
      const headers = { authorization, 'content-type': 'application/json', 'content-length': String(length) };
      const sent = request(`${url}/api/v1/namespaces/dev/configmaps`, {
        ...{ method: 'POST', headers, ca },
        agent: false,
      });
      sent.on('error', () => undefined);
      sent.write(Buffer.alloc(length - 1, 0x20));
      return sent;
    };
    const before = residentBytes(pid);
    const begun = Array.from({ length: 150 }, begin);
    let last = before;
    // Until no more is taken: nothing else of it can be seen from outside.
    await eventually('what is taken has been taken', async () => {
      await sleep(1_000);
      const [previous, now] = [last, residentBytes(pid)];
      last = now;
      return now > before + 10 * mebibyte && now < previous + mebibyte ? true : undefined;
    });
    const grown = (residentBytes(pid) - before) / mebibyte;
    process.stdout.write(`${String(begun.length)} writes of 3 MiB: ${String(Math.round(grown))} MiB more\n`);
    expect(grown).toBeLessThan(250);
    const other = openWire(url, stack.caFile, { token: await stack.token('person') });
    const meanwhile = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'meanwhile' } };
    const path = '/api/v1/namespaces/dev/configmaps';
    const written = await eventually('carol is governed, and served', async () => {
      const heard = await other({ method: 'POST', path, body: meanwhile });
      return heard.code === 403 ? undefined : heard;
    });
    expect(written).toMatchObject({ code: 201 });

    for (const sent of begun) sent.destroy();
    await eventually('the agent itself is served again', async () => {
      const { code } = await stack.kubectl('agent', ['create', 'configmap', 'afterwards', '-n', 'dev']);
      return code === 0 ? true : undefined;
    });
  }, 120_000);
});
