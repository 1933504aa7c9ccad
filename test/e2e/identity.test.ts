import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createAuthority,
  inRepository,
  startStack,
  type CommandResult,
  type RunningCommand,
  type Stack,
} from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';
import { eventually } from '../src/eventually.ts';
import { freePort } from '../src/free-port.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';
import { exampleClaims } from '../src/pipeline-claims.ts';
import { requestJson } from '../src/request-json.ts';
import { createSigningKey, startTokenIssuer, type TokenIssuer } from '../src/token-issuer.ts';

const examples = Object.keys(exampleClaims) as (keyof typeof exampleClaims)[];
const proxyAccount = 'holdpoint-system:holdpoint-proxy';

/** Who the proxy takes somebody for, and whom the API server is then told it is: with real tokens, and real kubectl. */
describe('identity', () => {
  let stack: Stack;
  let issuer: TokenIssuer;
  let folder: string;
  let configuration: string;
  /** Serves issuers alone, from the beginning on. */
  let proxy: string;
  const proxies: RunningCommand[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-identity-'));
    issuer = await startTokenIssuer(await createAuthority('token-issuers-authority'));
    configuration = join(folder, 'authentication.json');
    writeFileSync(configuration, JSON.stringify(authenticationConfiguration(issuer)));
    // The very same file for both. That it starts says that the API server takes our examples, too.
    stack = await startStack({ services: [], apiServerFlags: { 'authentication-config': configuration } });
    await admin(['create', 'namespace', 'agents']);
    await admin(['create', 'serviceaccount', 'coder', '-n', 'agents']);
    await admin(['apply', '-f', '-'], JSON.stringify(policy));
    const token = await admin(['create', 'token', 'holdpoint-proxy', '-n', 'holdpoint-system', '--duration', '1h']);
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig(stack, token.trim())), { mode: 0o600 });
    proxy = await startProxy();
    expect((await whoAmI(proxy, agent({ jti: 'first' }))).username).toBe('coder');
  }, 300_000);
  afterAll(async () => {
    for (const proxy of proxies) proxy.kill();
    await stack?.close();
    await issuer?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const admin = async (args: string[], input?: string): Promise<string> => {
    const answer = await stack.kubectl('admin', args, input === undefined ? {} : { input });
    if (answer.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${answer.stderr}`);
    return answer.stdout;
  };

  async function runProxy(flags: Record<string, string> = {}): Promise<{ url: string; command: RunningCommand }> {
    const port = String(await freePort());
    const all = {
      listen: `127.0.0.1:${port}`,
      'tls-cert-file': stack.files.services.cert,
      'tls-private-key-file': stack.files.services.key,
      kubeconfig: join(folder, 'kubeconfig'),
      'authentication-config': configuration,
      'mask-key-file': stack.files.maskKey,
      'recordings-url': 'https://127.0.0.1:1/recordings',
      ...flags,
    };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const main = inRepository('proxy', 'src', 'main.ts');
    const command = stack.start(process.execPath, 'admin', [main, ...args], { timeoutMs: 600_000 });
    proxies.push(command);
    return { url: `https://127.0.0.1:${port}`, command };
  }

  async function startProxy(flags: Record<string, string> = {}): Promise<string> {
    return (await serveProxy(flags)).url;
  }

  async function serveProxy(flags: Record<string, string> = {}): Promise<{ url: string; command: RunningCommand }> {
    const { url, command } = await runProxy(flags);
    await eventually(
      `a proxy at ${url}`,
      async () => {
        if (command.ended()) throw new Error(`the proxy ended: ${command.stderr()}`);
        const { caFile } = stack;
        const answer = await requestJson(url, {
          method: 'GET',
          path: '/version',
          caFile,
          headers: { authorization: 'Bearer none' },
          // Until it listens the connection is refused; one that never listens fails by the time limit.
        }).catch(() => undefined);
        return answer?.code === 401 ? true : undefined;
      },
      90_000,
    );
    return { url, command };
  }

  /** Real kubectl, with this token and no other credential. */
  const as = (server: string, token: string, args: string[]): Promise<CommandResult> =>
    stack.kubectl('agent', ['--server', server, '--token', token, ...args]);
  const whoAmI = async (server: string, token: string): Promise<UserInfo> => {
    const { code, stdout, stderr } = await as(server, token, ['auth', 'whoami', '-o', 'json']);
    if (code !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { status: { userInfo: UserInfo } }).status.userInfo;
  };

  const agent = (more: object = {}, options = {}): string =>
    issuer.token({ sub: 'coder', groups: ['ai-agents'], ...more }, options);

  describe('service accounts', () => {
    let serving: string;
    const flags = { 'service-account-namespaces': 'agents', 'service-account-audience': 'holdpoint-proxy' };
    beforeAll(async () => {
      await admin(['apply', '-f', inRepository('deploy', 'rbac', 'service-account-tokens')]);
      const to = ['--clusterrole=holdpoint-proxy-service-accounts', `--serviceaccount=${proxyAccount}`];
      await admin(['create', 'rolebinding', 'holdpoint-proxy', '-n', 'agents', ...to]);
      serving = await startProxy(flags);
    }, 120_000);
    afterAll(async () => {
      await admin(['delete', '-f', inRepository('deploy', 'rbac', 'service-account-tokens')]);
      await admin(['delete', 'rolebinding', 'holdpoint-proxy', '-n', 'agents']);
    }, 60_000);
    const tokenOf = async (name: string, more = ['--audience', 'holdpoint-proxy'], namespace = 'agents') =>
      (await admin(['create', 'token', name, '-n', namespace, ...more])).trim();

    test('an account’s token is good for the proxy alone, and the API server is told that it is this account', async () => {
      const token = await tokenOf('coder');
      expect(await whoAmI(serving, token)).toMatchObject({
        username: 'system:serviceaccount:agents:coder',
        groups: expect.arrayContaining([
          'system:serviceaccounts',
          'system:serviceaccounts:agents',
          'system:authenticated',
        ]),
        extra: { 'holdpoint.dev/session': [expect.any(String)] },
      });
      const counts = await metricsText(serving, stack.caFile);
      for (const call of ['token_review', 'issuer_keys_fetch']) {
        const answered = `holdpoint_proxy_${call}_duration_seconds_count{result="ok"}`;
        expect(metricIn(counts, answered)).toBeGreaterThan(0);
      }
      expect((await as(stack.urls.apiServer, token, ['auth', 'whoami'])).code).not.toBe(0);
      const read = await as(serving, token, ['get', 'configmaps', '-n', 'agents']);
      expect(read.stderr).toContain('User "system:serviceaccount:agents:coder" cannot list resource "configmaps"');
    }, 60_000);

    test.each<[string, () => Promise<string>]>([
      ['a token for another audience', () => tokenOf('coder', [])],
      ['a token of a namespace that is not served', () => tokenOf('default', undefined, 'default')],
      ['the proxy’s own token', () => tokenOf('holdpoint-proxy', undefined, 'holdpoint-system')],
    ])(
      '%s is refused',
      async (_situation, token) => {
        const answer = await as(serving, await token(), ['auth', 'whoami']);
        expect(answer.code).not.toBe(0);
        expect(answer.stderr).toMatch(/Unauthorized|must be logged in/);
      },
      60_000,
    );

    test('a deleted account is out soon, whatever its token says', async () => {
      await admin(['create', 'serviceaccount', 'short-lived', '-n', 'agents']);
      const token = await tokenOf('short-lived');
      expect((await whoAmI(serving, token)).username).toBe('system:serviceaccount:agents:short-lived');
      await admin(['delete', 'serviceaccount', 'short-lived', '-n', 'agents']);
      await eventually(
        'it is out',
        async () => ((await as(serving, token, ['auth', 'whoami'])).code !== 0 ? true : undefined),
        90_000,
      );
    }, 120_000);

    test('without the flag: their permissions are too much, and it does not start', async () => {
      const { command } = await runProxy();
      const { code, stderr } = await command.finished;
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          'Too much: create tokenreviews.authentication.k8s.io in default and kube-system and holdpoint-system.',
        ),
      });
    }, 60_000);
  });

  describe('its own permissions', () => {
    const refusal = async (flags: Record<string, string> = {}): Promise<string> => {
      const { command } = await runProxy(flags);
      const { code, stderr } = await command.finished;
      expect(code).toBe(1);
      return stderr;
    };
    const allFour = 'in default and kube-system and holdpoint-system';

    test('one more, in the cluster and in a namespace: it does not start, and names each', async () => {
      await admin(['create', 'clusterrole', 'too-much', '--verb=get,delete', '--resource=secrets']);
      const to = ['--clusterrole=too-much', `--serviceaccount=${proxyAccount}`];
      await admin(['create', 'rolebinding', 'too-much', '-n', 'kube-system', ...to]);
      expect(await refusal()).toContain('Too much: delete secrets in kube-system; get secrets in kube-system.');
      await admin(['create', 'clusterrolebinding', 'too-much', ...to]);
      expect(await refusal()).toContain(`Too much: delete secrets ${allFour}; get secrets ${allFour}.`);
      await admin(['delete', 'rolebinding/too-much', '-n', 'kube-system']);
      await admin(['delete', 'clusterrolebinding/too-much', 'clusterrole/too-much']);
    }, 180_000);

    test('what service accounts take, missing: it does not start, and names each', async () => {
      expect(await refusal({ 'service-account-namespaces': 'agents' })).toContain(
        `Missing: create tokenreviews.authentication.k8s.io ${allFour} and agents; impersonate serviceaccounts in agents.`,
      );
    }, 60_000);

    test('one fewer: it does not start, and names it; with it again it serves', async () => {
      const role = ['clusterrole', 'holdpoint-proxy'];
      const whole = JSON.parse(await admin(['get', ...role, '-o', 'json'])) as { rules: { resources: string[] }[] };
      for (const rule of whole.rules) rule.resources = rule.resources.filter((each) => each !== 'groups');
      await admin(['replace', '-f', '-'], JSON.stringify(whole));
      expect(await refusal()).toContain(`Missing: impersonate groups ${allFour}.`);
      await admin(['apply', '-f', inRepository('deploy', 'rbac', 'proxy.yaml'), '--server-side', '--force-conflicts']);
      await startProxy();
    }, 180_000);
  });

  describe('a configuration that changes while the proxy serves', () => {
    let serving: { url: string; command: RunningCommand };
    let file: string;
    type Jwt = { issuer: { url: string }; userValidationRules?: object[] };
    const whole = (): { jwt: Jwt[] } => authenticationConfiguration(issuer) as { jwt: Jwt[] };
    /** As a mounted ConfigMap changes: at once. */
    const put = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    const metric = async (line: string): Promise<number> =>
      metricIn(await metricsText(serving.url, stack.caFile), `holdpoint_proxy_${line}`);
    const reloads = (result: 'ok' | 'failed'): Promise<number> =>
      metric(`authentication_config_reloads_total{result="${result}"}`);
    const reloaded = async (result: 'ok' | 'failed', before: number): Promise<true> =>
      await eventually(`a reload: ${result}`, async () => ((await reloads(result)) > before ? true : undefined));
    const codeOf = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const path = '/api/v1/namespaces/agents/configmaps';
      return (await requestJson(serving.url, { method: 'GET', path, headers, caFile: stack.caFile })).code;
    };
    // Known, and not let in by RBAC; or not known.
    const [known, unknown] = [403, 401];
    beforeAll(async () => {
      file = join(folder, 'followed.json');
      put(JSON.stringify(whole()));
      serving = await serveProxy({ 'authentication-config': file });
    }, 120_000);

    test('an issuer that is taken out: its token is refused, though it was remembered; others go on; back in, it is good', async () => {
      const [leaving, staying] = [
        issuer.token(exampleClaims['gitlab-ci'], { path: '/gitlab-ci' }),
        agent({ jti: 'staying' }),
      ];
      expect([await codeOf(leaving), await codeOf(leaving), await codeOf(staying)]).toEqual([known, known, known]);
      expect(await metric('token_cache_requests_total{status="hit"}')).toBeGreaterThan(0);
      const before = await reloads('ok');
      put(JSON.stringify({ ...whole(), jwt: whole().jwt.filter((jwt) => !jwt.issuer.url.endsWith('/gitlab-ci')) }));
      await reloaded('ok', before);
      expect([await codeOf(leaving), await codeOf(staying)]).toEqual([unknown, known]);
      put(JSON.stringify(whole()));
      await reloaded('ok', before + 1);
      // Refused a moment ago, and not remembered as refused.
      expect([await codeOf(leaving), await codeOf(staying)]).toEqual([known, known]);
    }, 120_000);

    test('a validation rule that comes in: a remembered token that does not satisfy it is refused', async () => {
      const token = agent({ jti: 'ruled' });
      expect(await codeOf(token)).toBe(known);
      const before = await reloads('ok');
      const [plain, ...others] = whole().jwt;
      const userValidationRules = [{ expression: "user.username != 'coder'", message: 'coder is away' }];
      put(JSON.stringify({ ...whole(), jwt: [{ ...plain, userValidationRules }, ...others] }));
      await reloaded('ok', before);
      expect([await codeOf(token), await codeOf(agent({ sub: 'somebody-else' }))]).toEqual([unknown, known]);
      put(JSON.stringify(whole()));
      await reloaded('ok', before + 1);
      expect(await codeOf(token)).toBe(known);
    }, 120_000);

    test('broken, then gone: the one before goes on, told by log and metrics; put right, the new one holds', async () => {
      const token = agent({ jti: 'through-it-all' });
      const [ok, failed] = [await reloads('ok'), await reloads('failed')];
      const takenAt = await metric('authentication_config_last_reload_success_timestamp_seconds');
      expect(await metric('authentication_config_last_reload_successful')).toBe(1);
      put(JSON.stringify({ ...whole(), jwts: [] }));
      await reloaded('failed', failed);
      expect(await metric('authentication_config_last_reload_successful')).toBe(0);
      expect([await codeOf(token), await codeOf(agent({ jti: 'new' }))]).toEqual([known, known]);
      rmSync(file);
      await reloaded('failed', failed + 1);
      expect(await codeOf(token)).toBe(known);
      const lines = serving.command
        .stderr()
        .split('\n')
        .filter((line) => line.includes('"authentication configuration not reloaded"'));
      expect(lines).toEqual([
        expect.stringContaining('AuthenticationConfiguration: jwts: not supported'),
        expect.stringContaining('followed.json: cannot be read'),
      ]);
      put(JSON.stringify({ ...whole(), jwt: [] }));
      await reloaded('ok', ok);
      expect(await metric('authentication_config_last_reload_successful')).toBe(1);
      expect(await metric('authentication_config_last_reload_success_timestamp_seconds')).toBeGreaterThan(takenAt);
      // The last issuer taken out is meant: nobody is known any more, and the process goes on.
      expect(await codeOf(token)).toBe(unknown);
      expect(await metric('authentication_attempts_total{result="failure"}')).toBeGreaterThan(0);
      expect(serving.command.ended()).toBe(false);
    }, 120_000);
  });

  // The last, so that the proxy has had the issuer's keys for a while, and asks at once for one that it does not have.
  describe('issuers', () => {
    test.each(examples)(
      '%s: the proxy makes the same user of a token as the API server itself',
      async (example) => {
        const token = issuer.token(exampleClaims[example], { path: `/${example}` });
        // The API server looks for its issuers every ten seconds, and takes us for nobody until then.
        const direct = await eventually('the API server knows the issuer', () =>
          whoAmI(stack.urls.apiServer, token).catch(() => undefined),
        );
        const proxied = await whoAmI(proxy, token);
        expect({ username: proxied.username, groups: proxied.groups }).toEqual({
          username: direct.username,
          groups: direct.groups,
        });
        for (const key of ['holdpoint.dev/session', 'holdpoint.dev/on-behalf-of']) {
          expect(direct.extra?.[key]).toHaveLength(1);
          expect(proxied.extra?.[key]).toEqual(direct.extra?.[key]);
        }
      },
      60_000,
    );

    test.each<[string, () => string]>([
      ['a token for another audience', () => agent({ aud: 'somebody' })],
      ['a token past its end', () => agent({ exp: Math.floor(Date.now() / 1_000) - 60 })],
      ['a token of another issuer', () => agent({ iss: 'https://127.0.0.1:1' })],
      ['a logout token', () => agent({}, { typ: 'logout+jwt' })],
      ['a token that makes its holder an administrator', () => agent({ groups: ['system:masters'] })],
      [
        'a pull request’s job',
        () =>
          issuer.token({ ...exampleClaims['github-actions'], event_name: 'pull_request' }, { path: '/github-actions' }),
      ],
    ])(
      '%s is refused',
      async (_situation, token) => {
        const answer = await as(proxy, token(), ['auth', 'whoami']);
        expect(answer.code).not.toBe(0);
        expect(answer.stderr).toMatch(/Unauthorized|must be logged in/);
      },
      60_000,
    );

    test('a new key is taken up, a made-up one asks for nothing, and what the old one signed goes on', async () => {
      const before = agent({ jti: 'before' });
      expect((await whoAmI(proxy, before)).username).toBe('coder');
      issuer.rotate();
      const after = agent({ jti: 'after' });
      await eventually(
        'the new key is taken up',
        async () => ((await as(proxy, after, ['auth', 'whoami'])).code === 0 ? true : undefined),
        60_000,
      );
      expect((await whoAmI(proxy, before)).username).toBe('coder');
      const asked = issuer.keyRequests();
      const strangers = Array.from({ length: 50 }, () =>
        requestJson(proxy, {
          method: 'GET',
          path: '/api/v1/namespaces',
          caFile: stack.caFile,
          headers: {
            authorization: `Bearer ${agent({}, { key: createSigningKey() })}`,
          },
        }),
      );
      expect(new Set((await Promise.all(strangers)).map(({ code }) => code))).toEqual(new Set([401]));
      // Once, or twice in all this time; the API server asks on its own account.
      expect(issuer.keyRequests() - asked).toBeLessThan(10);
    }, 120_000);

    test('while the issuer is down: who is known goes on, and a proxy that just started says to try again', async () => {
      const known = agent({ jti: 'known' });
      await eventually(
        'it is known',
        async () => ((await as(proxy, known, ['auth', 'whoami'])).code === 0 ? true : undefined),
        60_000,
      );
      issuer.setUp(false);
      const started = await startProxy();
      expect((await whoAmI(proxy, known)).username).toBe('coder');
      const answer = await requestJson(started, {
        method: 'GET',
        path: '/api/v1/namespaces',
        caFile: stack.caFile,
        headers: { authorization: `Bearer ${known}` },
      });
      expect(answer).toMatchObject({ code: 503, body: { kind: 'Status' } });
      issuer.setUp(true);
      await eventually('it is up', async () =>
        (await as(started, known, ['auth', 'whoami'])).code === 0 ? true : undefined,
      );
    }, 120_000);

    test('a token without a session is in one by whose it is, the same in two replicas and for the next token', async () => {
      const other = await startProxy();
      let subjects = 0;
      const same = await eventually('one session', async () => {
        // A stretch of half an hour that ends in between makes two of it, and rightly: then somebody else tries again.
        const sub = `coder-${String((subjects += 1))}`;
        const sessions = await Promise.all(
          [proxy, other, proxy].map(
            async (url, i) => (await whoAmI(url, agent({ sub, nonce: i }))).extra?.['holdpoint.dev/session']?.[0],
          ),
        );
        return new Set(sessions).size === 1 ? sessions[0] : undefined;
      });
      expect(same).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
    }, 120_000);
  });
});

interface UserInfo {
  username: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

const policy = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'agents' },
  spec: {
    subjects: [
      ...['ai-agents', 'github-actions', 'gitlab-ci'].map((name) => ({ kind: 'Group', name })),
      ...['coder', 'short-lived'].map((name) => ({ kind: 'ServiceAccount', name, namespace: 'agents' })),
    ],
    defaultAction: 'Hold',
  },
};

/** The examples as they are, but for the issuer, and one of agents with nothing but a name and groups. */
function authenticationConfiguration({ url, ca }: TokenIssuer): object {
  const issuerAt = (path: string): object => ({ url: url + path, audiences: ['holdpoint'], certificateAuthority: ca });
  const shipped = examples.map((example) => {
    const text = readFileSync(inRepository('deploy', 'authentication', `${example}.yaml`), 'utf8');
    const [jwt] = (parseYaml(text) as { jwt: object[] }).jwt;
    return { ...jwt, issuer: issuerAt(`/${example}`) };
  });
  const plain = {
    issuer: issuerAt(''),
    claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } },
  };
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [plain, ...shipped],
  };
}

function kubeconfig({ urls, caFile }: Stack, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: urls.apiServer, 'certificate-authority': caFile } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
}
