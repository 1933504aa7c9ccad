import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, pendingHold, startCommand, startScenario, type Stack } from '@holdpoint/local';
import { connectionsTo } from '../src/connections.ts';
import { eventually } from '../src/eventually.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';
import { renewServedCertificate } from '../src/renewed-certificate.ts';
import { requestJson } from '../src/request-json.ts';
import { stackRows } from '../src/stack-rows.ts';

/** What whoever runs the proxy sees of it, and does to it. */
describe('running the proxy', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 120_000);

  const url = (): string => stack.service('proxy').url;
  const metric = async (line: string): Promise<number> => metricIn(await metricsText(url(), stack.caFile), line);
  const agent = (...args: string[]) => stack.kubectl('agent', args);
  const rowsOf = <Row>(statement: string): Promise<Row[]> => stackRows<Row>(stack, statement);
  const ask = (path: string, headers: Record<string, string> = {}) =>
    requestJson(url(), { method: 'GET', path, headers, caFile: stack.caFile });

  test('health and readiness are its own for whoever has no credentials, and the API server’s for who has', async () => {
    expect(await ask('/healthz')).toEqual({ code: 200, body: { status: 'ok' } });
    expect(await ask('/readyz')).toEqual({ code: 200, body: { status: 'ok' } });
    expect(await ask('/api')).toMatchObject({ code: 401, body: { kind: 'Status' } });
    const authorization = `Bearer ${await stack.token('agent')}`;
    // A path that no rule allows, so it was not ours that answered.
    expect(await ask('/metrics', { authorization })).toMatchObject({ code: 403 });
  });

  test('metrics: the documented names and Node’s own, and counts that move', async () => {
    const listed = 'holdpoint_proxy_requests_total{verb="list",code="200"}';
    const before = await metric(listed);
    expect(await agent('get', 'configmaps', '-n', 'dev')).toMatchObject({ code: 0 });
    expect(await agent('get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'yaml')).toMatchObject({ code: 0 });
    await agent('get', '--raw', '/api/v1/nodes/node-1/proxy/metrics');
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'counted', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'counted'));
    await eventually('it is paused', async () =>
      (await metric('holdpoint_proxy_pauses_open')) === 1 ? true : undefined,
    );
    await stack.approvals('approver', ['approve', hold]);
    expect(await running.finished).toMatchObject({ code: 0 });
    await eventually('all are counted', async () =>
      (await metric('holdpoint_proxy_pauses_total{outcome="passed"}')) === 1 ? true : undefined,
    );
    expect(await metric(listed)).toBeGreaterThan(before);
    expect(await metric('holdpoint_proxy_refusals_total{code="403"}')).toBeGreaterThanOrEqual(1);
    expect(await metric('holdpoint_proxy_masked_values_total')).toBeGreaterThanOrEqual(2);
    expect(await metric('holdpoint_proxy_upstream_duration_seconds_count{verb="list"}')).toBeGreaterThanOrEqual(1);
    await eventually('the transcript is told', async () =>
      (await metric('holdpoint_proxy_transcript_events_total')) > 3 ? true : undefined,
    );

    const text = await metricsText(url(), stack.caFile);
    const documented = readFileSync(inRepository('docs', 'reference', 'metrics.md'), 'utf8');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    for (const name of names.filter((each) => each.startsWith('holdpoint_')))
      expect(documented).toContain(`\`${name}\``);
    expect(names.filter((name) => !/^(holdpoint|process|nodejs)_/.test(name))).toEqual([]);
    expect(text).not.toMatch(/coding-agent|ai-agents|counted|db-credentials/);
  }, 120_000);

  test('what the proxy tells and what the API server tells is one request in every view', async () => {
    const twice = await eventually('both have told', async () => {
      const rows = await rowsOf<{ audit_id: string }>(
        `SELECT audit_id FROM audit_events WHERE stage = 'ResponseComplete' AND verb IN ('get', 'list', 'create')
         GROUP BY audit_id HAVING uniqExact(source) = 2 AND min(resource) = 'secrets'`,
      );
      return rows.length > 0 ? rows : undefined;
    });
    const ids = twice.map(({ audit_id }) => `'${audit_id}'`).join();
    for (const view of ['timeline', 'secret_reads']) {
      const rows = await rowsOf(
        `SELECT audit_id FROM ${view} WHERE audit_id IN (${ids}) GROUP BY audit_id HAVING count() > 1`,
      );
      expect({ view, rows }).toEqual({ view, rows: [] });
      expect(await rowsOf(`SELECT audit_id FROM ${view} WHERE audit_id IN (${ids})`)).toHaveLength(twice.length);
    }
    // A held write was sent twice: two events of the API server, one of the proxy, and one step of the session.
    const steps = await eventually('all of it is stored', async () => {
      const { stdout } = await stack.approvals('approver', ['replay', stack.sessionOf('agent'), '-o', 'json']);
      const { groups } = JSON.parse(stdout) as { groups: { steps: { verb: string; hold: string; tries: number }[] }[] };
      const held = groups.flatMap((group) => group.steps).filter(({ hold }) => hold !== '');
      return held.some(({ tries }) => tries >= 2) ? held : undefined;
    });
    expect(steps).toMatchObject([{ verb: 'create', code: 201, decision: 'approved', resource: 'configmaps' }]);

    // What the API server never heard of is there once, as the proxy tells it.
    const refused = "SELECT code, decision FROM timeline WHERE subresource = 'proxy' AND username = 'coding-agent'";
    expect(await rowsOf(refused)).toEqual([{ code: 403, decision: 'deny' }]);
    expect(await rowsOf('SELECT audit_id FROM bypasses WHERE via_proxy')).toEqual([]);
    expect(await rowsOf('SELECT audit_id FROM audit_id_collisions')).toEqual([]);
  }, 120_000);

  test('a client that leaves takes its watch with it', async () => {
    const { pid = 0 } = stack.service('proxy');
    const headers = { authorization: `Bearer ${await stack.token('agent')}` };
    const apiServerPort = Number(new URL(stack.urls.apiServer).port);
    const before = connectionsTo(pid, apiServerPort);
    const options = { headers, ca: readFileSync(stack.caFile), agent: false };
    const watches = Array.from({ length: 40 }, () =>
      request(`${url()}/api/v1/namespaces/dev/configmaps?watch=1`, options).on('error', () => undefined),
    );
    for (const watch of watches) watch.end();
    await eventually('each has its own connection', async () =>
      connectionsTo(pid, apiServerPort) >= watches.length ? true : undefined,
    );
    for (const watch of watches) watch.destroy();
    await eventually('none is left', async () => (connectionsTo(pid, apiServerPort) <= before + 5 ? true : undefined));
  }, 120_000);

  test('the audit sink is away: nobody waits for it, and what was done meanwhile is told when it is back', async () => {
    await stack.service('auditsink').stop();
    expect(await agent('get', 'configmaps', '-n', 'prod', '-l', 'while=away')).toMatchObject({ code: 0 });
    await eventually('it was tried', async () =>
      (await metric('holdpoint_proxy_transcript_post_failures_total')) > 0 ? true : undefined,
    );
    expect(await metric('holdpoint_proxy_transcript_queued_events')).toBeGreaterThan(0);
    await stack.service('auditsink').start();
    await eventually('it is told', async () => {
      const found = await rowsOf(
        "SELECT audit_id FROM audit_events WHERE source = 'proxy' AND request_uri LIKE '%while%3Daway%'",
      );
      return found.length === 1 ? true : undefined;
    });
  }, 120_000);

  test('a certificate that is renewed: served without a restart', async () => {
    const { pid } = stack.service('proxy');
    await renewServedCertificate(stack, url());
    expect(await metric('holdpoint_tls_reloads_total{result="ok"}')).toBe(1);
    expect(await agent('get', 'configmaps', '-n', 'dev')).toMatchObject({ code: 0 });
    expect(stack.service('proxy').pid).toBe(pid);
  }, 120_000);

  test('the API server is away, and back: told as a Status, then served again, by the same process', async () => {
    const { pid } = stack.service('proxy');
    const apiServer = stack.controlPlane.find(({ name }) => name === 'kube-apiserver');
    const authorization = `Bearer ${await stack.token('agent')}`;
    // Connections that are kept, and will be found closed.
    await Promise.all(Array.from({ length: 8 }, () => ask('/api/v1/namespaces/dev/configmaps', { authorization })));
    await apiServer?.stop();
    expect(await ask('/api/v1/namespaces/dev/configmaps', { authorization })).toMatchObject({
      code: 502,
      body: { kind: 'Status', message: expect.stringContaining('the API server cannot be reached') },
    });
    await apiServer?.start();
    const again = Array.from({ length: 8 }, () => ask('/api/v1/namespaces/dev/configmaps', { authorization }));
    for (const answer of await Promise.all(again)) expect(answer.code).toBe(200);
    expect(stack.service('proxy').pid).toBe(pid);
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'after-restart', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'after-restart'));
    await eventually('the approval is heard of by the watches that began anew', async () => {
      if (running.ended()) return true;
      await stack.approvals('approver', ['approve', hold]);
      return undefined;
    });
    expect(await running.finished).toMatchObject({ code: 0 });
  }, 180_000);

  test('ended while a terminal is open: it has its grace, then an error, and the last of the transcript is told', async () => {
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    const pod = pods.stdout.split('\n')[0] ?? '';
    const shell = stack.kubectlStart('agent', ['exec', '-n', 'prod', pod, '--', 'sh', '-c', 'echo begun; sleep 300']);
    await eventually('the terminal is open', async () => (shell.stdout().includes('begun') ? true : undefined));
    expect(await metric('holdpoint_proxy_streams_open')).toBe(1);
    await stack.service('proxy').stop();
    expect((await shell.finished).code).not.toBe(0);
    await stack.service('proxy').start();
    await eventually('the terminal’s end is told', async () => {
      const found = await rowsOf(
        "SELECT code FROM audit_events WHERE source = 'proxy' AND subresource = 'exec' AND code = 101",
      );
      return found.length > 0 ? true : undefined;
    });
  }, 120_000);

  describe('--check', () => {
    const check = async (change: Record<string, string> = {}) => {
      const flags = {
        'tls-cert-file': stack.files.services.cert,
        'tls-private-key-file': stack.files.services.key,
        kubeconfig: join(stack.dir, 'kubeconfigs', 'proxy'),
        'authentication-config': stack.files.authenticationConfig,
        'mask-key-file': stack.files.maskKey,
        'recordings-url': `${stack.service('auditsink').url}/recordings`,
        ...change,
      };
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
      return await startCommand(process.execPath, [inRepository('proxy', 'src', 'main.ts'), '--check', ...args])
        .finished;
    };

    test('all is well: 0', async () => {
      expect(await check()).toEqual({ code: 0, stdout: 'proxy: ready to serve\n', stderr: '' });
    }, 120_000);

    test('several things are not: 1, and all of them at once', async () => {
      const { code, stdout } = await check({
        'max-paused': '0',
        'drain-delay': 'soon',
        'authentication-config': '/nowhere/authentication.yaml',
        'mask-key-file': stack.caFile,
        'transcripts-url': 'nowhere',
      });
      expect({ code, lines: stdout.trimEnd().split('\n') }).toEqual({
        code: 1,
        lines: [
          'ERR_CONFIG_INVALID: --max-paused: "0" is not a whole number above 0',
          'ERR_CONFIG_INVALID: --drain-delay: "soon" is not a duration such as 0s, 5s or 1m',
          `ERR_CONFIG_INVALID: ${stack.caFile}: expected at least 32 bytes as hex; make one with: openssl rand -hex 32`,
          expect.stringMatching(/^ERR_CONFIG_INVALID: \/nowhere\/authentication\.yaml: cannot be read: ENOENT/),
          'ERR_CONFIG_INVALID: --transcripts-url: "nowhere" is not an http or https URL',
        ],
      });
    }, 120_000);
  });
});
