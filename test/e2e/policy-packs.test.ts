import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Action } from '@holdpoint/core';
import { inRepository, startStack, type CommandResult, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { packs, type Pack, type PackRow } from '../src/policy-packs.ts';

/** What stands in each namespace that a pack is tried in. */
const workloads = (namespace: string, labels: object = {}): object[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'registry.example/shop/web:1.0' }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'lone', namespace },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'registry.example/shop/web:1.0' }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];

/** Each ready-made policy does what docs/howto/policies.md says of it, on a real API server, by real kubectl. */
describe('the ready-made policies', () => {
  let stack: Stack;
  const admin = async (args: string[], input?: object): Promise<CommandResult> => {
    const given = input === undefined ? {} : { input: JSON.stringify(input) };
    const result = await stack.kubectl('admin', args, given);
    if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  beforeAll(async () => {
    stack = await startStack({ services: ['webhook'] });
    const items = [
      ...workloads('team-shop'),
      ...workloads('shop-ci', { deploy: 'ci' }),
      ...workloads('prod'),
      ...workloads('elsewhere'),
      ...workloads('dev'),
    ];
    await eventually('the workloads', async () => {
      // A pod waits for its namespace's ServiceAccount.
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      return (await stack.kubectl('admin', ['apply', '-f', '-'], { input: list })).code === 0 ? true : undefined;
    });
    const groups = packs.map(({ group }) => `--group=${group}`);
    // RBAC never answers first.
    await admin(['create', 'clusterrolebinding', 'everything', '--clusterrole=cluster-admin', ...groups]);
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  describe.each(packs.map((pack) => ({ ...pack, pack })))('$file', ({ file, policy, pack }) => {
    beforeAll(async () => {
      const path = inRepository('deploy', 'policies', file);
      const checked = await admin(['apply', '--dry-run=server', '-f', path]);
      expect(checked.stdout).toContain('created (server dry run)');
      await admin(['apply', '-f', path]);
      await admin(['wait', '--for=condition=Enforced', 'accesspolicy', policy, '--timeout=30s']);
      await eventually('the API server asks', async () => {
        const { stderr } = await ask(pack, ['delete', 'namespace', 'elsewhere', '--dry-run=server']);
        return stderr.includes(policy) ? true : undefined;
      });
    }, 60_000);

    test.each(pack.rows.map((row) => ({ ...row, row })))(
      '$what: $want, by $rule',
      async ({ row }) => {
        const answer = await ask(pack, argsOf(row), row.input);
        const by =
          row.rule === 'default'
            ? `the default of policy "${policy}"`
            : row.rule === 'exec.record'
              ? `policy "${policy}" has terminals recorded`
              : `rule "${row.rule}" of policy "${policy}"`;
        expect({ outcome: outcomeOf(answer), text: row.want === 'Allow' ? '' : answer.stderr }).toEqual({
          outcome: row.want,
          text: row.want === 'Allow' ? '' : expect.stringContaining(by),
        });
      },
      60_000,
    );
  });

  /** As somebody of the pack's group: nothing is written, and what would be held says so. */
  const ask = (pack: Pack, args: readonly string[], input?: object): Promise<CommandResult> =>
    stack.kubectl(
      'admin',
      [
        ...args.slice(0, 1),
        '--as=an-agent',
        `--as-group=${pack.group}`,
        '--as-group=system:authenticated',
        ...args.slice(1),
      ],
      input === undefined ? {} : { input: JSON.stringify(input) },
    );

  function argsOf({ kubectl }: PackRow): string[] {
    const hasDryRun = !kubectl.includes('--raw') && kubectl[0] !== 'exec' && kubectl[1] !== 'token';
    return hasDryRun ? [...kubectl, '--dry-run=server'] : [...kubectl];
  }

  function outcomeOf({ code, stderr }: CommandResult): Action {
    if (stderr.includes(heldMark)) return 'Hold';
    return code === 0 ? 'Allow' : 'Deny';
  }
});

/** How a dry run tells that the real thing would wait; an eviction is answered the same, as a refusal. */
const heldMark = 'would be held';
