import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldStatus } from '@holdpoint/core';
import type { KubeClient, RawClient, RawGet } from '@holdpoint/platform';
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

/** The API server, as far as listing goes: field selectors, Tables without objects, and single holds. */
function apiServerOf(holds: Hold[], asked: string[]): RawClient {
  const get = (path: string, { query = {}, accept = '' }: RawGet = {}): Promise<unknown> => {
    asked.push([path, query['fieldSelector'] ?? '', query['includeObject'] ?? ''].join(' ').trim());
    const one = holds.find(({ metadata }) => path.endsWith(`/${metadata.name ?? ''}`));
    if (one !== undefined) return Promise.resolve(one);
    const found = holds.filter((each) => matches(each, query['fieldSelector'] ?? ''));
    if (!accept.includes('as=Table')) return Promise.resolve({ items: found });
    const columnDefinitions = [{ name: 'Name' }, { name: 'Policy' }, { name: 'Created' }];
    const rows = found.map(({ metadata, spec }) => ({
      cells: [metadata.name, spec.policy, metadata.creationTimestamp],
    }));
    return Promise.resolve({ kind: 'Table', columnDefinitions, rows });
  };
  return { get } as unknown as RawClient;
}

function matches(hold: Hold, selector: string): boolean {
  const phase = hold.status?.phase ?? '';
  return selector
    .split(',')
    .every((term) =>
      term.startsWith('status.phase!=')
        ? term !== `status.phase!=${phase}`
        : ['', `status.phase=${phase}`, `spec.subject.username=${hold.spec.subject.username}`].includes(term),
    );
}

interface RunOptions {
  all?: boolean;
  format?: Format;
  at?: number;
  limit?: number;
  subject?: string;
  policy?: string;
  headers?: boolean;
}

async function runAll(holds: Hold[], options: RunOptions = {}) {
  const [printed, warned, asked]: string[][] = [[], [], []];
  const context = {
    kube: () => ({}) as KubeClient,
    raw: () => apiServerOf(holds, asked ?? []),
    style: createStyle(false),
    print: (text: string) => void printed?.push(text),
    warn: (text: string) => void warned?.push(text),
    write: () => undefined,
    now: () => options.at ?? nowMs,
  };
  const { at: _at, ...given } = options;
  await list(context, { all: false, format: 'table', limit: 50, headers: true, ...given });
  return { printed, warned, asked };
}

async function run(holds: Hold[], options: RunOptions = {}): Promise<string> {
  const { printed, warned } = await runAll(holds, options);
  return [...(printed ?? []), ...(warned ?? []).map((text) => `(${text})`)].join('\n');
}

const holdsPath = '/apis/holdpoint.dev/v1alpha1/holds';

describe('list', () => {
  const header = 'NAME   PHASE     SUBJECT   REQUEST                               RULE   EXPIRES IN   AGE';
  const rows: { situation: string; holds: Hold[]; options?: Parameters<typeof run>[1]; want: string }[] = [
    { situation: 'none', holds: [], want: '(No holds are pending.)' },
    { situation: 'none at all', holds: [], options: { all: true }, want: '(No holds found.)' },
    { situation: 'only decided ones: an empty inbox', holds: [done], want: '(No holds are pending.)' },
    {
      situation: 'one that has expired, though nobody wrote it down: an empty inbox',
      holds: [older],
      options: { at: nowMs + 3_600_000 },
      want: '(No holds are pending.)',
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

  test('the inbox asks the API server for what is pending, and for nothing else', async () => {
    const { asked } = await runAll([older], { subject: 'a,b' });
    expect(asked).toEqual([`${holdsPath} status.phase=Pending,spec.subject.username=a\\,b`]);
  });

  test('all: rows first, and only the newest are read; the rest is told', async () => {
    expect(await runAll([older, done, younger], { all: true, limit: 1, format: 'name' })).toEqual({
      asked: [`${holdsPath}  None`, `${holdsPath}/h-2`],
      printed: ['hold.holdpoint.dev/h-2'],
      warned: ['The newest 1 of 3 holds; --limit shows more.'],
    });
  });

  test.each([
    { situation: 'of one user', options: { subject: 'other' }, want: '(No holds are pending.)' },
    { situation: 'of one policy', options: { policy: 'q' }, want: '(No holds are pending.)' },
    { situation: 'of one policy, all', options: { policy: 'q', all: true }, want: '(No holds found.)' },
    {
      situation: 'without headers',
      options: { headers: false },
      want: 'h-2   Pending   bot   UPDATE deployments.apps/web -n prod   p/r   50m   60s',
    },
  ])('$situation', async ({ options, want }) => {
    expect(await run([younger], options)).toBe(want);
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
