import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { manifestsIn, startStack, type CommandResult, type RunOptions, type Stack } from '@holdpoint/local';
import { runChannelSession } from '../src/channel-client.ts';
import { eventually } from '../src/eventually.ts';
import { startKubelet, type Kubelet } from '../src/kubelet.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';
import { overSpdy } from '../src/over-spdy.ts';

const token = `ghp_${'a1B2'.repeat(9)}`;

/** Every way to a pod: what is said on one of them is said on all. Past the proxy goes somebody who is not governed. */
interface Arm {
  arm: string;
  user: 'agent' | 'person';
  env: Readonly<Record<string, string>>;
}
const arms: readonly Arm[] = [
  { arm: 'direct-websocket', user: 'person', env: {} },
  { arm: 'direct-spdy', user: 'person', env: overSpdy },
  { arm: 'proxy-websocket', user: 'agent', env: {} },
  { arm: 'proxy-spdy', user: 'agent', env: overSpdy },
];
const proxied = arms.filter(({ user }) => user === 'agent');

const policy = JSON.stringify({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'streams' },
  spec: {
    subjects: [{ kind: 'Group', name: 'ai-agents' }],
    defaultAction: 'Allow',
    exec: { record: 'Required' },
  },
});

/** All 256 values, in runs and at random, and no end of a block anywhere. */
const manyBytes = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
  randomBytes(4 * 1_048_576),
  Buffer.alloc(70_001),
  Buffer.from(Array.from({ length: 65_536 }, (_, at) => at % 256)),
]);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Terminals, copies and forwarded ports to a node that serves them as a cluster's nodes do. Whatever is asked is asked past the
 * proxy too, over both transports, and must end in the same way.
 */
describe('streams to a node like a cluster’s', () => {
  let stack: Stack;
  let kubelet: Kubelet;
  let folder: string;
  let echo: Server;
  const on = ({ user, env }: Arm, args: readonly string[], options: RunOptions = {}): Promise<CommandResult> =>
    stack.kubectl(user, args, { ...options, env });
  /** A command line around kubectl, for what is typed without an end, or is no text. */
  const shellOn = ({ user, env }: Arm, line: string) => stack.start('sh', user, ['-c', line], { env });
  const onAll = async <T>(ask: (arm: Arm) => Promise<T>, among = arms): Promise<Record<string, T>> =>
    Object.fromEntries(await Promise.all(among.map(async (arm) => [arm.arm, await ask(arm)] as const)));
  /** The same on every arm. */
  const everywhere = <T>(value: T, among = arms): Record<string, T> =>
    Object.fromEntries(among.map(({ arm }) => [arm, value]));
  const there = (name: string): Promise<true> =>
    eventually(name, async () => (existsSync(join(folder, name)) ? true : undefined));
  const killApiServer = (): void => {
    for (const each of stack.controlPlane) if (each.name === 'kube-apiserver') each.kill();
  };
  const openStreams = async (): Promise<number> =>
    metricIn(await metricsText(stack.service('proxy').url, stack.caFile), 'holdpoint_proxy_streams_open');

  beforeAll(async () => {
    stack = await startStack({ manifests: manifestsIn('local', 'scenario') });
    const apply = async (text: string): Promise<void> => {
      expect(await stack.kubectl('admin', ['apply', '-f', '-'], { input: text })).toMatchObject({ code: 0 });
    };
    kubelet = await startKubelet(stack);
    folder = join(stack.dir, 'shared');
    mkdirSync(folder);
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      socket.write('welcome\n');
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    await apply(policy);
    // To debug, as the agents may.
    const binding = ['create', 'rolebinding', 'people', '-n', 'prod', '--clusterrole=holdpoint-agent-edit'];
    expect(await stack.kubectl('admin', [...binding, '--group=developers'])).toMatchObject({ code: 0 });
    const answering = 'while read line; do echo "got $line"; done';
    const quiet = `echo started; until test -e ${folder}/speak; do sleep 0.2; done; echo later; exec sleep 600`;
    for (const { arm } of arms) {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          ...{ name: arm, namespace: 'prod' },
          annotations: { 'kubectl.kubernetes.io/default-container': 'main' },
        },
        spec: {
          nodeName: kubelet.nodeName,
          automountServiceAccountToken: false,
          containers: [
            { name: 'main', image: 'registry.example/a:1', stdin: true, command: ['sh', '-c', answering] },
            { name: 'quiet', image: 'registry.example/a:1', command: ['sh', '-c', quiet] },
          ],
        },
      };
      await apply(JSON.stringify(pod));
    }
    await stack.kubectl('admin', ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s']);
    const names = arms.map(({ arm }) => `pod/${arm}`);
    const waited = await stack.kubectl('admin', ['wait', '--for=condition=Ready', '-n', 'prod', ...names]);
    expect(waited).toMatchObject({ code: 0 });
  }, 300_000);
  afterAll(async () => {
    echo?.close();
    await stack?.close();
  }, 60_000);

  test('what a command is told has an end, and so has the command', async () => {
    writeFileSync(join(folder, 'many'), manyBytes);
    const answers = await onAll(async (arm) => {
      const short = await on(arm, ['exec', '-i', '-n', 'prod', arm.arm, '--', 'cat'], { input: 'grün\nx' });
      const line = `kubectl exec -i -n prod ${arm.arm} -- sha256sum < ${folder}/many`;
      return [short, await shellOn(arm, line).finished];
    });
    expect(answers).toEqual(
      everywhere([
        { code: 0, stdout: 'grün\nx', stderr: '' },
        { code: 0, stdout: `${sha256(manyBytes)}  -\n`, stderr: '' },
      ]),
    );
  }, 120_000);

  test('cp carries a file of every byte there and back', async () => {
    writeFileSync(join(folder, 'sent'), manyBytes);
    const answers = await onAll(async (arm) => {
      const [inPod, back] = [join(folder, `in-${arm.arm}`), join(folder, `back-${arm.arm}`)];
      const into = await on(arm, ['cp', join(folder, 'sent'), `prod/${arm.arm}:${inPod}`]);
      const outOf = await on(arm, ['cp', `prod/${arm.arm}:${inPod}`, back]);
      return [into.code, sha256(readFileSync(inPod)), outOf.code, sha256(readFileSync(back))];
    });
    expect(answers).toEqual(everywhere([0, sha256(manyBytes), 0, sha256(manyBytes)]));
  }, 120_000);

  test('cp brings a text with a token into a pod as it is, and out of it masked', async () => {
    const text = `A=1\nTOKEN=${token}\nB=2\n`;
    writeFileSync(join(folder, 'env'), text);
    const answers = await onAll(async (arm) => {
      const [inPod, back] = [join(folder, `env-in-${arm.arm}`), join(folder, `env-back-${arm.arm}`)];
      await on(arm, ['cp', join(folder, 'env'), `prod/${arm.arm}:${inPod}`]);
      await on(arm, ['cp', `prod/${arm.arm}:${inPod}`, back]);
      return [readFileSync(inPod, 'utf8'), readFileSync(back, 'utf8')];
    }, proxied);
    expect(answers).toEqual(everywhere([text, text.replace(token, '*'.repeat(token.length))], proxied));
  }, 120_000);

  test.each([
    { situation: 'success', command: ['true'], code: 0 },
    { situation: 'a status of its own', command: ['sh', '-c', 'echo out; echo err >&2; exit 3'], code: 3 },
    { situation: 'killed by a signal', command: ['sh', '-c', 'kill -KILL $$'], code: 137 },
    { situation: 'not there at all', command: ['no-such-command'], code: 127 },
  ])(
    'a command ends with the status that it has: $situation',
    async ({ command, code }) => {
      const answers = await onAll((arm) => on(arm, ['exec', '-n', 'prod', arm.arm, '--', ...command]));
      const [first] = Object.values(answers);
      expect(first?.code).toBe(code);
      expect(answers).toEqual(everywhere(first));
    },
    60_000,
  );

  test.each([
    {
      // Over SPDY, kubectl now and then shows nothing of what came before the end.
      situation: 'more is typed than it reads',
      line: (pod: string) => `head -c 3000000 /dev/zero | kubectl exec -i -n prod ${pod} -- head -c 5 > /dev/null`,
    },
    {
      situation: 'it closes its output and goes on',
      line: (pod: string) =>
        `kubectl exec -n prod ${pod} -- sh -c 'echo out; exec >&-; sleep 1; echo err >&2; exit 4' 2>&1`,
    },
    {
      situation: 'it ends at once after much output',
      line: (pod: string) => `kubectl exec -n prod ${pod} -- seq 1 400000 | sha256sum`,
    },
    {
      // The end of script's own input is shown as ^@. A terminal that ends at once loses its last words now and then, past the proxy
      // too: one of 120 sessions direct, two of 120 through the proxy; none of 200 where it stays for a second.
      situation: 'it is a terminal, and much is shown in it',
      line: (pod: string) =>
        `script -qec 'kubectl exec -it -n prod ${pod} -- sh -c "seq 1 40000; sleep 1"' /dev/null | tr -d '^@' | sha256sum`,
    },
    {
      situation: 'it reads to its end, and answers then',
      line: (pod: string) => `seq 1 100000 | kubectl exec -i -n prod ${pod} -- sort -rn | head -n 1`,
    },
    {
      situation: 'its output has no reader any more',
      line: (pod: string) => `kubectl exec -n prod ${pod} -- sh -c 'while echo tick; do :; done' | head -n 2`,
    },
  ])(
    'a command is what it is without the proxy: $situation',
    async ({ line }) => {
      const answers = await onAll(async (arm) => {
        // kubectl's own complaints are not always there.
        const { code, stdout } = await shellOn(arm, line(arm.arm)).finished;
        return { code, stdout };
      });
      expect(answers).toEqual(everywhere(answers['direct-websocket']));
    },
    60_000,
  );

  test('a terminal has the size of its client’s, also when that changes', async () => {
    const sized = (size: string): string => `until test "$(stty size)" = "${size}"; do sleep 0.1; done`;
    const answers = await onAll(async (arm) => {
      const seen = join(folder, `seen-${arm.arm}`);
      const remote = `${sized('40 100')}; echo first; echo > ${seen}; ${sized('50 120')}; echo second; exit 5; : sized`;
      writeFileSync(join(folder, `size-${arm.arm}.sh`), remote);
      const typed = [
        'stty rows 40 cols 100',
        `(until test -e ${seen}; do sleep 0.1; done; stty rows 50 cols 120 < /dev/tty) &`,
        `kubectl exec -it -n prod ${arm.arm} -- sh -c "$(cat ${folder}/size-${arm.arm}.sh)"`,
      ].join('\n');
      const { code, stdout } = await stack.start('script', arm.user, ['-qec', typed, '/dev/null'], { env: arm.env })
        .finished;
      return [code, stdout.replaceAll('\r', '').replaceAll('^@', '')];
    });
    const [first] = Object.values(answers);
    expect(first).toEqual([5, expect.stringContaining('first\nsecond\n')]);
    expect(answers).toEqual(everywhere(first));
  }, 120_000);

  test('attach talks with the container’s own process', async () => {
    const answers = await onAll(async (arm) => {
      // Input without an end: the container's process would go on reading for whoever attaches next.
      const line = `(echo ${arm.arm}; sleep 60) | kubectl attach -i -n prod ${arm.arm} -c main`;
      const attached = shellOn(arm, line);
      await eventually('an answer', async () => (attached.stdout().includes('got ') ? true : undefined));
      attached.kill();
      return (await attached.finished).stdout;
    });
    expect(answers).toEqual(Object.fromEntries(arms.map(({ arm }) => [arm, `got ${arm}\n`])));
  }, 60_000);

  test('debug adds a container, runs a command in it and ends with it', async () => {
    const answers = await onAll(async (arm) => {
      const container = ['--image=registry.example/tools:1', '-c', 'tools'];
      const script = 'read line; echo "got $line"';
      const args = ['debug', '-i', '-n', 'prod', arm.arm, ...container, '--', 'sh', '-c', script];
      const { code, stdout } = await on(arm, args, { input: 'question\n' });
      return [code, stdout];
    });
    expect(answers).toEqual(everywhere([0, 'got question\n']));
  }, 120_000);

  test('logs that are followed stay open through silence', async () => {
    const following = arms.map((arm) =>
      stack.kubectlStart(arm.user, ['logs', '-f', '-n', 'prod', arm.arm, '-c', 'quiet']),
    );
    await Promise.all(
      following.map((each) =>
        eventually('the first line', async () => (each.stdout() === 'started\n' ? true : undefined)),
      ),
    );
    await sleep(5_000);
    expect(following.map((each) => [each.ended(), each.stdout()])).toEqual(arms.map(() => [false, 'started\n']));
    writeFileSync(join(folder, 'speak'), '');
    await Promise.all(
      following.map((each) =>
        eventually('a later line', async () => (each.stdout() === 'started\nlater\n' ? true : undefined)),
      ),
    );
    for (const each of following) each.kill();
    await Promise.all(following.map(({ finished }) => finished));
  }, 60_000);

  test('port-forward carries bytes both ways, on connections after and beside each other', async () => {
    const port = (echo.address() as AddressInfo).port;
    const answers = await onAll(async ({ user, env, arm }) => {
      const args = ['port-forward', '-n', 'prod', `pod/${arm}`, `:${String(port)}`];
      const forwarding = stack.kubectlStart(user, args, { env });
      const local = await localPort(() => forwarding.stdout());
      const beside = await Promise.all([exchange(local, manyBytes), exchange(local, Buffer.from('short'))]);
      const after = await exchange(local, Buffer.from([0, 255, 10]));
      forwarding.kill();
      await forwarding.finished;
      return [...beside, after].map(sha256);
    });
    const wanted = [manyBytes, Buffer.from('short'), Buffer.from([0, 255, 10])];
    expect(answers).toEqual(
      everywhere(wanted.map((bytes) => sha256(Buffer.concat([Buffer.from('welcome\n'), bytes])))),
    );
  }, 120_000);

  test('a port that nobody listens on is said to be refused', async () => {
    const answers = await onAll(async ({ user, env, arm }) => {
      const forwarding = stack.kubectlStart(user, ['port-forward', '-n', 'prod', `pod/${arm}`, ':1'], { env });
      await exchange(await localPort(() => forwarding.stdout()), Buffer.from('anybody?'));
      await eventually('the reason', async () => (forwarding.stderr().includes('refused') ? true : undefined));
      forwarding.kill();
      return (await forwarding.finished).stderr.includes('connection refused');
    });
    expect(answers).toEqual(everywhere(true));
  }, 60_000);

  test('a command is told of a client that dies, and nothing stays open', async () => {
    await onAll(async (arm) => {
      const script = `cat > ${folder}/typed-${arm.arm}; echo > ${folder}/over-${arm.arm}`;
      const line = `(echo begun; sleep 60) | kubectl exec -i -n prod ${arm.arm} -- sh -c '${script}'`;
      const session = shellOn(arm, line);
      await eventually('what was typed', async () => {
        const file = join(folder, `typed-${arm.arm}`);
        return existsSync(file) && readFileSync(file, 'utf8') === 'begun\n' ? true : undefined;
      });
      if (session.pid !== undefined) process.kill(-session.pid, 'SIGKILL');
      await session.finished;
      await there(`over-${arm.arm}`);
    });
    await eventually('no open stream', async () => ((await openStreams()) === 0 ? true : undefined));
  }, 60_000);

  test('a client that offers v4 alone is served as kubectl is', async () => {
    const ask = (command: string[], typed?: string) => {
      const query = new URLSearchParams([
        ...command.map((word): [string, string] => ['command', word]),
        ...['stdin', 'stdout', 'stderr'].map((name): [string, string] => [name, 'true']),
      ]);
      return onAll(
        async ({ user, arm }) => {
          const url = user === 'agent' ? stack.service('proxy').url : stack.urls.apiServer;
          const path = `/api/v1/namespaces/prod/pods/${arm}/exec?container=main&${String(query)}`;
          const to = { url, caFile: stack.caFile, token: await stack.token(user), path };
          return runChannelSession({
            ...{ ...to, protocol: 'v4.channel.k8s.io' },
            ...(typed === undefined ? {} : { typed }),
          });
        },
        arms.filter(({ env }) => env !== overSpdy),
      );
    };
    const [typed, failed] = [await ask(['head', '-n', '1'], 'typed\n'), await ask(['sh', '-c', 'echo no >&2; exit 3'])];
    expect(typed['proxy-websocket']).toMatchObject({ protocol: 'v4.channel.k8s.io', said: { 1: 'typed\n' } });
    expect(JSON.parse(failed['proxy-websocket']?.said[3] ?? '')).toMatchObject({
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    expect([typed['proxy-websocket'], failed['proxy-websocket']]).toEqual([
      typed['direct-websocket'],
      failed['direct-websocket'],
    ]);
  }, 60_000);

  test.each([
    { dying: 'a node', kill: () => kubelet.kill(), mend: () => kubelet.start() },
    {
      dying: 'the API server',
      kill: async () => killApiServer(),
      // Started again by itself.
      mend: () =>
        eventually('terminals again', async () => {
          const codes = await onAll(async (arm) => (await on(arm, ['exec', '-n', 'prod', arm.arm, '--', 'true'])).code);
          return Object.values(codes).every((code) => code === 0) ? true : undefined;
        }),
    },
  ])(
    '$dying that dies ends what is open, as without the proxy',
    async ({ dying, kill, mend }) => {
      const looping = ['sh', '-c', `while :; do echo tick; sleep 0.2; done; : ${dying}`];
      const open = arms.flatMap(({ user, env, arm }) => [
        stack.kubectlStart(user, ['exec', '-n', 'prod', arm, '--', ...looping], { env }),
        stack.kubectlStart(user, ['port-forward', '-n', 'prod', `pod/${arm}`, ':7'], { env }),
      ]);
      await Promise.all(
        open.map((each) =>
          eventually('output', async () => (/tick|Forwarding/.test(each.stdout()) ? true : undefined)),
        ),
      );
      await kill();
      const ended = await Promise.all(open.map(async (each) => (await each.finished).code));
      await mend();
      // Over SPDY, kubectl takes an exec whose server is gone for one that is over.
      expect(ended.slice(ended.length / 2)).toEqual(ended.slice(0, ended.length / 2));
      await eventually('no open stream', async () => ((await openStreams()) === 0 ? true : undefined));
      const later = await onAll((arm) => on(arm, ['exec', '-n', 'prod', arm.arm, '--', 'echo', 'back']));
      expect(later).toEqual(everywhere({ code: 0, stdout: 'back\n', stderr: '' }));
    },
    120_000,
  );

  test('the record has what was asked for, its sizes, what was typed and how it ended', async () => {
    const statement = `SELECT pod, arrayStringConcat(command, ' ') AS asked, code,
        left(arrayStringConcat(groupArray(text), '|'), 2000) AS told FROM
      (SELECT pod, command, recording_id, f.2 AS code, f.3 AS text FROM recordings ARRAY JOIN frames AS f
      ORDER BY sequence_in_recording, f.1) GROUP BY pod, command, recording_id, code`;
    interface Row {
      pod: string;
      asked: string;
      code: string;
      told: string;
    }
    const rowsNow = async (): Promise<Row[]> => {
      const { code, stdout } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
      expect(code).toBe(0);
      const lines = stdout.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Row);
    };
    const told = (rows: readonly Row[], pod: string, asked: string, code: string): string | undefined =>
      rows.find((row) => row.pod === pod && row.asked.endsWith(asked) && row.code === code)?.told;
    const last = 'the API server';
    const rows = await eventually('the last of the recordings', async () => {
      const found = await rowsNow();
      return proxied.every(({ arm }) => told(found, arm, last, 'o') !== undefined) ? found : undefined;
    });
    for (const { arm } of proxied) {
      const of = (asked: string, code: string): string | undefined => told(rows, arm, asked, code);
      // stty sets one after the other, and the client may see what is between.
      expect(of(': sized', 'r')).toMatch(/^100x40(\|[0-9x]+)*\|120x50$/);
      expect(of(': sized', 'o')).toMatch(/first\r\n[^]*second\r\n/);
      expect(of(': sized', 'x')).toBe('5');
      expect(of('echo out; echo err >&2; exit 3', 'o')).toMatch(/^(out\n\|?err\n|err\n\|?out\n)$/);
      expect(of('echo out; echo err >&2; exit 3', 'x')).toBe('3');
      expect(of('kill -KILL $$', 'x')).toBe('137');
      expect(of('true', 'x')).toBe('0');
      expect(of('cat', 'i')?.replaceAll('|', '')).toBe('grün\nx');
      expect(of('a node', 'o')).toContain('tick');
      // Nobody was told how it ended.
      expect(of(last, 'x')).toBeUndefined();
    }
  }, 120_000);

  test('what a forwarded port carried is counted, both ways, and every stream by how it ended', async () => {
    const statement = `SELECT name, toUInt64OrZero(annotations['proxy.holdpoint.dev/bytes-in']) AS received,
        toUInt64OrZero(annotations['proxy.holdpoint.dev/bytes-out']) AS sent FROM audit_events
      WHERE source = 'proxy' AND subresource = 'portforward' AND code = 101 AND received > ${String(manyBytes.length)}`;
    for (const { arm } of proxied) {
      const { code, stdout } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
      expect(code).toBe(0);
      const rows = stdout.split('\n').filter((line) => line.includes(arm));
      expect(rows).toHaveLength(1);
      const { received, sent } = JSON.parse(rows[0] ?? '') as { received: number; sent: number };
      // With the frames that it came in, which are no more than a tenth of it.
      for (const bytes of [Number(received), Number(sent)]) {
        expect(bytes / manyBytes.length).toBeGreaterThan(1);
        expect(bytes / manyBytes.length).toBeLessThan(1.1);
      }
    }
    for (const kind of ['exec', 'attach', 'portforward']) {
      // Counted when a client has left, which may be a moment after its command has ended.
      const opened = await eventually(`every ${kind} has ended as it should`, async () => {
        const metrics = await metricsText(stack.service('proxy').url, stack.caFile);
        const metric = (line: string): number => metricIn(metrics, `holdpoint_proxy_streams_${line}`);
        const begun = metric(`opened_total{kind="${kind}"}`);
        return metric(`ended_total{kind="${kind}",reason="closed"}`) === begun ? begun : undefined;
      });
      expect(opened).toBeGreaterThan(1);
    }
  }, 120_000);
});

function localPort(stdout: () => string): Promise<number> {
  return eventually('the port', async () => {
    const found = /127\.0\.0\.1:(\d+)/.exec(stdout())?.[1];
    return found === undefined ? undefined : Number(found);
  });
}

/** Says all of `bytes` and no more; gives what is said in return, until the other side ends. */
function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}
