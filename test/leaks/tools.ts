import { describe, expect, test } from '@jest/globals';
import type { CommandResult } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { namespace } from './places.ts';
import { leaksIn } from './search.ts';
import { logLines, type World } from './world.ts';

/** What agents really do: kubectl, with all that it prints. */
interface Command {
  args: readonly string[];
  /** What must be in its output: harmless, and beside a value. */
  shows: string;
  input?: string;
  env?: Readonly<Record<string, string>>;
}

const everything = 'secrets,configmaps,pods,deployments,statefulsets,jobs,cronjobs,strongboxes,events,services';

const commands: readonly Command[] = [
  { args: ['get', everything], shows: 'secret/opaque' },
  { args: ['get', everything, '-o', 'wide'], shows: 'strongbox.leaks.example/box' },
  { args: ['get', everything, '-o', 'yaml', '--show-managed-fields'], shows: 'colour: red' },
  { args: ['get', everything, '-o', 'json'], shows: '"colour": "red"' },
  { args: ['get', 'secrets', '-o', 'jsonpath={.items[*].data}'], shows: 'password' },
  { args: ['get', 'secret', 'opaque', '-o', 'go-template={{range $k, $v := .data}}{{$k}} {{end}}'], shows: 'password' },
  {
    args: [
      'get',
      'secret',
      'opaque',
      '-o',
      'go-template={{range $k, $v := .data}}{{$k}}={{$v | base64decode}} {{end}}',
    ],
    shows: 'password=',
  },
  { args: ['get', 'secrets', '-o', 'custom-columns=N:.metadata.name,D:.data'], shows: 'opaque' },
  { args: ['get', 'secrets', '--show-labels', '-L', 'team'], shows: 'shop' },
  { args: ['get', 'secrets', '--sort-by=.data.password'], shows: 'opaque' },
  { args: ['get', 'secret', 'opaque', '-o', 'yaml', '-v=9'], shows: 'name: opaque' },
  { args: ['get', 'strongboxes', '-o', 'wide'], shows: 'red' },
  { args: ['get', 'pv', '-o', 'yaml'], shows: 'server: nas' },
  { args: ['describe', everything], shows: 'LOG_LEVEL' },
  { args: ['describe', 'secrets'], shows: 'basic-auth' },
  { args: ['describe', 'pv', 'disk'], shows: 'nas' },
  { args: ['events'], shows: 'Failed' },
  { args: ['set', 'env', 'deployment/shop', '--list'], shows: 'LOG_LEVEL=debug' },
  { args: ['rollout', 'history', 'statefulset/shop', '--revision=1'], shows: '' },
  { args: ['logs', 'web'], shows: logLines.after },
  { args: ['logs', 'web', '--timestamps', '--tail=5'], shows: logLines.after },
  { args: ['exec', 'web', '--', 'cat', '../pod-logs/pod.log'], shows: logLines.harmless },
  {
    args: ['exec', 'web', '--', 'cat', '../pod-logs/pod.log'],
    env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
    shows: logLines.harmless,
  },
  { args: ['label', 'secret', 'opaque', 'seen=yes', '-o', 'yaml', '--dry-run=server'], shows: 'seen: "yes"' },
  { args: ['annotate', 'configmap', 'url', 'seen=yes', '-o', 'yaml', '--dry-run=server'], shows: 'seen: "yes"' },
  { args: ['delete', 'secret', 'opaque', '--dry-run=server', '-o', 'name'], shows: 'secret/opaque' },
  { args: ['get', '--raw', `/api/v1/namespaces/${namespace}/secrets?pretty=true`], shows: '"name": "opaque"' },
  { args: ['cluster-info', 'dump', '--namespaces', namespace, '-o', 'yaml'], shows: 'LOG_LEVEL' },
];

export function describeTools(world: () => World): void {
  describe('kubectl', () => {
    test.each(commands.map((command) => ({ title: command.args.join(' ').slice(0, 100), ...command })))(
      '$title: no value, and what is harmless',
      async ({ args, shows, env = {} }) => {
        const printed = await world().stack.kubectl('agent', ['-n', namespace, ...args], { env });
        expect(leaksPrinted(printed, world())).toEqual([]);
        expect({ code: printed.code, said: printed.code === 0 ? '' : printed.stderr }).toEqual({ code: 0, said: '' });
        expect(printed.stdout).toContain(shows);
      },
      60_000,
    );

    test.each([
      { what: 'logs', args: ['logs', '-f', 'web'], shows: logLines.after },
      { what: 'a watch', args: ['get', 'configmaps', '-w', '-o', 'yaml'], shows: 'named-key' },
      { what: 'a watch of events', args: ['events', '--watch'], shows: 'Failed' },
    ])(
      '$what, followed until it has shown what is harmless: no value',
      async ({ args, shows }) => {
        const { stack } = world();
        // One resource at a time is all that kubectl watches.
        const running = stack.kubectlStart('agent', [
          '-n',
          namespace,
          ...args.map((arg) => arg.replace('secrets,', '')),
        ]);
        try {
          await eventually(`${args.join(' ')} shows ${shows}`, async () =>
            running.stdout().includes(shows) || running.ended() ? true : undefined,
          );
        } finally {
          running.kill();
        }
        const printed = await running.finished;
        expect(leaksPrinted(printed, world())).toEqual([]);
        expect(printed.stdout).toContain(shows);
      },
      60_000,
    );

    test('diff and apply over what was applied once: no value', async () => {
      const { stack } = world();
      const manifest = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'applied', namespace, labels: { changed: 'yes' } },
        stringData: { more: 'harmless' },
      });
      for (const args of [
        ['diff', '-f', '-'],
        ['diff', '--server-side', '-f', '-'],
        ['apply', '--dry-run=server', '-o', 'yaml', '-f', '-'],
        ['apply', '--server-side', '--dry-run=server', '-o', 'yaml', '-f', '-'],
        ['apply', 'view-last-applied', '-f', '-'],
      ]) {
        const printed = await stack.kubectl('agent', args, { input: manifest });
        expect({ args, leaks: leaksPrinted(printed, world()) }).toEqual({ args, leaks: [] });
      }
    }, 60_000);

    test('create token: given, and not shown', async () => {
      const { stack } = world();
      const printed = await stack.kubectl('agent', ['create', 'token', 'default', '-n', namespace]);
      expect(leaksPrinted(printed, world())).toEqual([]);
    });
  });

  describe('helm', () => {
    test.each([
      ['list', '-a'],
      ['status', 'shop'],
      ['get', 'values', 'shop'],
      ['get', 'all', 'shop'],
      ['history', 'shop'],
    ])(
      '%s %s %s: no value',
      async (...args) => {
        const { stack } = world();
        const words = args.filter((arg) => typeof arg === 'string');
        for (const driver of ['secret', 'configmap']) {
          const running = stack.start('helm', 'agent', [...words, '-n', namespace], { env: { HELM_DRIVER: driver } });
          const printed = await running.finished;
          expect({ driver, leaks: leaksPrinted(printed, world()) }).toEqual({ driver, leaks: [] });
        }
      },
      60_000,
    );
  });
}

function leaksPrinted({ stdout, stderr }: CommandResult, { canaries }: World): string[] {
  return leaksIn({ head: stderr, encoding: 'identity', bytes: Buffer.from(stdout) }, canaries);
}
