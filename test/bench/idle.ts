/**
 * `npm run soak:idle`: everything that may last is opened through the proxy and left without a byte for longer than any
 * timeout of ours or of Node's (300 s, for a whole request). Ends with 1 unless each still carries what comes then.
 */
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pendingHold, startScenario, type RunningCommand, type Stack } from '@holdpoint/local';
import { parseFlags } from '@holdpoint/platform';
import { eventually } from '../src/eventually.ts';
import { overSpdy } from '../src/over-spdy.ts';

const flags = parseFlags(process.argv.slice(2), {
  minutes: { description: 'how long nothing is said', default: '6' },
});
const silenceMs = Number(flags.minutes) * 60_000;
const commandTimeoutMs = silenceMs + 300_000;

const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const stack = await startScenario();
try {
  process.exitCode = (await idleFor(stack)) ? 0 : 1;
} finally {
  await stack.close();
}

async function idleFor(stack: Stack): Promise<boolean> {
  await letWaitLong(stack);
  const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
  const pod = pods.stdout.split('\n')[0] ?? '';
  const start = (args: string[], env: Record<string, string> = {}): RunningCommand =>
    stack.kubectlStart('agent', args, { env, timeoutMs: commandTimeoutMs });
  const silent = `echo open; sleep ${String(silenceMs / 1_000)}; echo spoke`;
  const terminal = ['exec', '-n', 'prod', pod, '--', 'sh', '-c', silent];

  const watch = start(['get', 'configmaps', '-n', 'dev', '-w', '-o', 'name']);
  const log = start(['logs', '-f', '-n', 'prod', pod]);
  const terminals = [start(terminal), start(terminal, overSpdy)];
  const forwards = [{}, overSpdy].map((env) =>
    start(['port-forward', '-n', 'prod', pod, ':80', '--address=127.0.0.1'], env),
  );
  const held = start(['create', 'configmap', 'long-held', '-n', 'prod']);
  const sockets = await Promise.all(forwards.map(connectThrough));
  const says = (command: RunningCommand, word: string, withinMs?: number): Promise<true> =>
    eventually(word, async () => (command.stdout().includes(word) ? true : undefined), withinMs);
  await says(watch, 'kube-root-ca');
  await says(log, 'listens');
  await Promise.all(terminals.map((each) => says(each, 'open')));
  const hold = await eventually('a hold', () => pendingHold(stack, 'long-held'));
  say(`all are open; nothing is said for ${flags.minutes} minutes`);
  await sleep(silenceMs);

  await stack.kubectl('admin', ['create', 'configmap', 'after-silence', '-n', 'dev']);
  appendFileSync(join(stack.dir, 'pod-logs', 'pod.log'), `${new Date().toISOString()} stdout F after-silence\n`);
  await stack.approvals('approver', ['approve', hold]);
  const echoed = async (socket: Awaited<ReturnType<typeof connectThrough>>): Promise<boolean> => {
    socket.write('after-silence');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString() === 'after-silence';
  };
  const withinMs = 60_000;
  const outcomes: Record<string, Promise<boolean>> = {
    'get -w': says(watch, 'configmap/after-silence', withinMs),
    'logs -f': says(log, 'after-silence', withinMs),
    ...Object.fromEntries(terminals.map((each, i) => [`exec ${transport(i)}`, says(each, 'spoke', withinMs)])),
    ...Object.fromEntries(sockets.map((each, i) => [`port-forward ${transport(i)}`, echoed(each)])),
    'a held create': held.finished.then(({ code }) => code === 0),
  };
  let allWell = true;
  for (const [name, outcome] of Object.entries(outcomes)) {
    const isWell = await Promise.race([outcome.catch(() => false), sleep(withinMs, false, { ref: false })]);
    say(`${name}: ${isWell ? 'goes on' : 'LOST'}`);
    allWell &&= isWell;
  }
  for (const socket of sockets) socket.destroy();
  return allWell;
}

function transport(index: number): string {
  return index === 0 ? 'over WebSocket' : 'over SPDY';
}

async function connectThrough(forward: RunningCommand): Promise<import('node:net').Socket> {
  const port = await eventually('the forward', async () => /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout())?.[1]);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** The scenario's policy has a person decide within a minute, and asks about forwarded ports too. */
async function letWaitLong(stack: Stack): Promise<void> {
  const streams = { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], operations: ['CONNECT'] };
  const spec = {
    hold: { pauseFor: `${String(Math.ceil(silenceMs / 1_000) + 300)}s` },
    rules: [{ name: 'streams', action: 'Allow', resourceRules: [streams] }],
  };
  const args = ['patch', 'accesspolicy', 'coding-agents', '--type', 'merge', '-p', JSON.stringify({ spec })];
  const { code, stderr } = await stack.kubectl('admin', args);
  if (code !== 0) throw new Error(stderr);
  await stack.kubectl('admin', ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s']);
}
