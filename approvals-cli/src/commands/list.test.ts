import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldStatus } from '@holdpoint/core';
import type { KubeClient } from '@holdpoint/platform';
import type { Format } from '../output/format.ts';
import { createStyle } from '../output/style.ts';
import { list } from './list.ts';

const nowMs = Date.parse('2026-01-01T00:10:00.000Z');
const hold = (name: string, createdAt: string, status: HoldStatus, username = 'bot'): Hold => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Hold',
  metadata: { name, creationTimestamp: createdAt },
  spec: {
    subject: { username, groups: ['agents'], session: 's-1' },
    request: {
      operation: 'UPDATE',
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      kind: 'Deployment',
      namespace: 'prod',
      name: 'web',
    },
    digest: 'hmac-sha256:x',
    change: { type: 'Update', patch: [] },
    policy: 'p',
    rule: 'r',
    approvers: [],
    minApprovals: 1,
    expiresAt: '2026-01-01T01:00:00.000Z',
    useWithinSeconds: 600,
    pauseForSeconds: 300,
  },
  status,
});
const pending: HoldStatus = { phase: 'Pending', decisions: [] };
const denied: HoldStatus = {
  phase: 'Denied',
  decisions: [{ by: 'alice', verdict: 'deny', at: '2026-01-01T00:09:00.000Z' }],
};
const younger = hold('h-2', '2026-01-01T00:09:00Z', pending);
const older = hold('h-1', '2026-01-01T00:02:30Z', pending);
const done = hold('h-0', '2026-01-01T00:00:00Z', denied);

async function run(holds: Hold[], options: { all?: boolean; format?: Format; at?: number } = {}): Promise<string> {
  const printed: string[] = [];
  const kube = { list: () => Promise.resolve(holds) } as unknown as KubeClient;
  const print = (text: string): void => void printed.push(text);
  const context = {
    kube: () => kube,
    style: createStyle(false),
    print,
    write: () => undefined,
    now: () => options.at ?? nowMs,
  };
  await list(context, { all: options.all ?? false, format: options.format ?? 'table' });
  expect(printed).toHaveLength(1);
  return printed[0] ?? '';
}

describe('list', () => {
  const header = 'NAME   PHASE     SUBJECT   REQUEST                               RULE   EXPIRES IN   AGE';
  const rows: { situation: string; holds: Hold[]; options?: Parameters<typeof run>[1]; want: string }[] = [
    { situation: 'none', holds: [], want: 'No holds are pending.' },
    { situation: 'none at all', holds: [], options: { all: true }, want: 'No holds found.' },
    { situation: 'only decided ones: an empty inbox', holds: [done], want: 'No holds are pending.' },
    {
      situation: 'one that has expired, though nobody wrote it down: an empty inbox',
      holds: [older],
      options: { at: nowMs + 3_600_000 },
      want: 'No holds are pending.',
    },
    {
      situation: 'two pending and a decided one: the pending ones, oldest first',
      holds: [younger, done, older],
      want: [
        header,
        'h-1    Pending   bot       UPDATE deployments.apps/web -n prod   p/r    50m          7m30s',
        'h-2    Pending   bot       UPDATE deployments.apps/web -n prod   p/r    50m          60s',
      ].join('\n'),
    },
    {
      situation: 'all, wide: who decided, and the session',
      holds: [done],
      options: { all: true, format: 'wide' },
      want: [
        'NAME   PHASE    SUBJECT   REQUEST                               RULE   EXPIRES IN   AGE   SESSION   DECIDED BY',
        'h-0    Denied   bot       UPDATE deployments.apps/web -n prod   p/r    -            10m   s-1       alice',
      ].join('\n'),
    },
    {
      situation: 'names',
      holds: [younger, older],
      options: { format: 'name' },
      want: 'hold.holdpoint.dev/h-1\nhold.holdpoint.dev/h-2',
    },
    {
      situation: 'JSON, none: an empty list',
      holds: [done],
      options: { format: 'json' },
      want: '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": []\n}',
    },
    {
      situation: 'YAML, none: an empty list',
      holds: [],
      options: { format: 'yaml' },
      want: 'apiVersion: v1\nkind: List\nitems: []',
    },
  ];
  test.each(rows)('$situation', async ({ holds, options, want }) => {
    expect(await run(holds, options)).toBe(want);
  });

  test('JSON: the objects as they are', async () => {
    expect(JSON.parse(await run([older], { format: 'json' }))).toEqual({
      apiVersion: 'v1',
      kind: 'List',
      items: [older],
    });
  });

  test('a name that would draw on the terminal, or add a row: cannot', async () => {
    const text = await run([hold('h-1', '2026-01-01T00:09:00Z', pending, 'bot\u001b[2J\nh-9    Approved')]);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toContain('\u001b');
  });
});
