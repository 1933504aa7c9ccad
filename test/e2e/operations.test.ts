import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startCommand, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';
import { renewServedCertificate } from '../src/renewed-certificate.ts';
import { requestJson } from '../src/request-json.ts';

/** What whoever runs the webhook sees of it, and does to it. */
describe('running the webhook', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario({ services: ['webhook'] });
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const url = (): string => stack.service('webhook').url;
  const admin = async (args: string[], input?: string): Promise<string> => {
    const answer = await stack.kubectl('admin', args, input === undefined ? {} : { input });
    if (answer.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${answer.stderr}`);
    return answer.stdout;
  };
  const agentCreates = (name: string, more: string[] = []) =>
    stack.kubectl('agent-direct', ['create', 'configmap', name, '-n', 'dev', ...more]);
  const readMetrics = (): Promise<string> => metricsText(url(), stack.caFile);
  const metric = async (line: string): Promise<number> => metricIn(await readMetrics(), line);
  const enforced = (): Promise<string> =>
    admin(['get', 'accesspolicy', 'coding-agents', '-o', 'jsonpath={.status.conditions[0].status}']);

  test('metrics: the documented names and Node’s own, and counts that move', async () => {
    const before = await metric('holdpoint_webhook_reviews_total{path="/validate",decision="allow"}');
    expect(await agentCreates('counted')).toMatchObject({ code: 0 });
    expect(await metric('holdpoint_webhook_reviews_total{path="/validate",decision="allow"}')).toBe(before + 1);

    expect((await stack.kubectl('agent-direct', ['delete', 'namespace', 'dev'])).code).not.toBe(0);
    expect(await metric('holdpoint_webhook_reviews_total{path="/validate",decision="deny"}')).toBe(1);
    expect(await metric('holdpoint_webhook_policies{state="enforced"}')).toBe(1);
    await eventually('it leads', async () => ((await metric('holdpoint_webhook_leader')) === 1 ? true : undefined));
    expect(await metric('holdpoint_webhook_reviews_in_flight')).toBe(0);

    const text = await readMetrics();
    const documented = readFileSync(inRepository('docs', 'reference', 'metrics.md'), 'utf8');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    const ours = names.filter((name) => name.startsWith('holdpoint_'));
    for (const name of ours) expect(documented).toContain(`\`${name}\``);
    expect(names.filter((name) => !/^(holdpoint|process|nodejs)_/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes']));
    expect(text).not.toMatch(/coding-agent|ai-agents|counted/);
  });

  test('the lease: held by the one replica', async () => {
    const lease = ['get', 'lease', '-n', 'holdpoint-system', 'holdpoint-webhook', '-o', 'json'];
    expect(JSON.parse(await admin(lease))).toMatchObject({
      spec: { holderIdentity: expect.stringMatching(/_[0-9a-f-]{36}$/), leaseDurationSeconds: 15 },
    });
  });

  test('a registration that somebody opened: mended, and told in a metric and an event', async () => {
    const at = ['validatingwebhookconfiguration', 'holdpoint.dev'];
    const patch = [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }];
    await admin(['patch', ...at, '--type=json', '-p', JSON.stringify(patch)]);
    await eventually('it is mended', async () =>
      (await admin(['get', ...at, '-o', 'jsonpath={.webhooks[0].failurePolicy}'])) === 'Fail' ? true : undefined,
    );
    expect(await metric('holdpoint_webhook_registration_mended_total')).toBe(1);
    const events = ['get', 'events', '-n', 'default', '--field-selector', 'reason=RegistrationChanged', '-o', 'json'];
    await eventually('the event is there', async () => {
      const { items } = JSON.parse(await admin(events)) as { items: { involvedObject: object }[] };
      if (items.length === 0) return undefined;
      expect(items).toMatchObject([
        { involvedObject: { kind: 'ValidatingWebhookConfiguration', name: 'holdpoint.dev' } },
      ]);
      return true;
    });
    expect(await enforced()).toBe('True');
  }, 60_000);

  test('a certificate that is renewed: served without a restart, and writes pass', async () => {
    const { pid } = stack.service('webhook');
    await renewServedCertificate(stack, url());
    expect(await agentCreates('after-renewal')).toMatchObject({ code: 0 });
    expect(await metric('holdpoint_tls_reloads_total{result="ok"}')).toBe(1);
    expect(stack.service('webhook').pid).toBe(pid);
  }, 60_000);

  describe('--check', () => {
    const check = async (change: Record<string, string> = {}) => {
      const flags = {
        'tls-cert-file': stack.files.services.cert,
        'tls-private-key-file': stack.files.services.key,
        kubeconfig: join(stack.dir, 'kubeconfigs', 'webhook'),
        'client-url': url(),
        'client-ca-file': stack.caFile,
        'mask-key-file': stack.files.maskKey,
        ...change,
      };
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
      return await startCommand(process.execPath, [inRepository('webhook', 'src', 'main.ts'), '--check', ...args])
        .finished;
    };

    test('all is well: 0', async () => {
      expect(await check()).toEqual({ code: 0, stdout: 'webhook: ready to serve\n', stderr: '' });
    }, 60_000);

    test('several things are not: 1, and all of them at once', async () => {
      const { code, stdout } = await check({
        'mask-key-file': stack.caFile,
        'tls-private-key-file': stack.files.admin.key,
        'drain-delay': 'soon',
      });
      expect({ code, lines: stdout.trimEnd().split('\n') }).toEqual({
        code: 1,
        lines: [
          'ERR_CONFIG_INVALID: --drain-delay: "soon" is not a duration such as 0s, 5s or 1m',
          `ERR_CONFIG_INVALID: ${stack.caFile}: expected at least 32 bytes as hex; make one with: openssl rand -hex 32`,
          `ERR_CONFIG_INVALID: ${stack.files.admin.key}: not the key of the certificate in ` +
            `${stack.files.services.cert}; put both there together`,
        ],
      });
    }, 60_000);
  });

  test('an account that may do more: refuses to serve, saying what; serves again once that is taken away', async () => {
    await admin(['create', 'clusterrole', 'too-much', '--verb=get', '--resource=secrets']);
    const to = '--serviceaccount=holdpoint-system:holdpoint-webhook';
    await admin(['create', 'clusterrolebinding', 'too-much', '--clusterrole=too-much', to]);
    await stack.service('webhook').stop();
    await expect(stack.service('webhook').start()).rejects.toThrow(
      /may do more than the webhook needs, so it does not serve with this account: get secrets in holdpoint-system and default\./,
    );
    await admin(['delete', 'clusterrolebinding', 'too-much']);
    await eventually('it serves', async () => ((await stack.service('webhook').ready()) ? true : undefined));
    expect(await agentCreates('after-too-much')).toMatchObject({ code: 0 });
  }, 90_000);

  test('a stored policy that cannot be read, at the start: not ready, nothing judged; mended: ready', async () => {
    const policy = (expression: string): string =>
      JSON.stringify({
        apiVersion: 'holdpoint.dev/v1alpha1',
        kind: 'AccessPolicy',
        metadata: { name: 'unreadable' },
        spec: {
          subjects: [{ kind: 'Group', name: 'others' }],
          defaultAction: 'Deny',
          rules: [
            {
              name: 'r',
              action: 'Allow',
              resourceRules: [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }],
              matchConditions: [{ name: 'c', expression }],
            },
          ],
        },
      });
    await stack.service('webhook').stop();
    await admin(['delete', 'validatingwebhookconfiguration', 'holdpoint.dev']);
    await admin(['apply', '-f', '-'], policy('reqest.name == ""'));
    const starting = stack.service('webhook').start();

    const reason = 'policy unreadable: spec.rules[0].matchConditions[0].expression: CEL does not compile';
    await eventually('it says why it is not ready', async () => {
      const answer = await requestJson(`${url()}/readyz`, { method: 'GET', caFile: stack.caFile }).catch(
        () => undefined,
      );
      return answer?.code === 503 && JSON.stringify(answer.body).includes(reason) ? true : undefined;
    });
    const refused = await agentCreates('meanwhile');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(`so every write is refused: ${reason}`);
    expect(await admin(['get', 'accesspolicy', 'unreadable', '-o', 'jsonpath={.status.conditions[0].reason}'])).toBe(
      'PolicyInvalid',
    );

    const stillBad = await stack.kubectl('admin', ['apply', '-f', '-'], { input: policy('objct == null') });
    expect(stillBad.stderr).toContain('CEL does not compile');
    await admin(['apply', '-f', '-'], policy('request.name == ""'));
    await starting;
    expect(await agentCreates('after-mending')).toMatchObject({ code: 0 });
  }, 120_000);
});
