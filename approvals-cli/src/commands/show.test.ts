import { describe, expect, test } from '@jest/globals';
import type { Hold } from '@holdpoint/core';
import type { KubeClient, RawClient } from '@holdpoint/platform';
import { createStyle } from '../output/style.ts';
import { show } from './show.ts';

const nowMs = Date.parse('2026-01-01T00:10:00.000Z');
const hold: Hold = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Hold',
  metadata: { name: 'h-1' },
  spec: {
    subject: {
      username: 'bot',
      groups: ['agents', 'ci'],
      session: 's-1',
      onBehalfOf: 'carol',
      command: 'kubectl scale',
    },
    request: {
      operation: 'UPDATE',
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      kind: 'Deployment',
      namespace: 'prod',
      name: 'web',
    },
    digest: 'hmac-sha256:x',
    change: { type: 'Update', patch: [{ op: 'replace', path: '/spec/replicas', oldValue: 3, value: 5 }] },
    policy: 'p',
    rule: 'r',
    message: 'Production.',
    approvers: [
      { kind: 'Group', name: 'sre' },
      { kind: 'ServiceAccount', namespace: 'ops', name: 'gate' },
    ],
    minApprovals: 2,
    expiresAt: '2026-01-01T01:00:00.000Z',
    useWithinSeconds: 600,
    pauseForSeconds: 300,
  },
  status: {
    phase: 'Pending',
    decisions: [{ by: 'alice', verdict: 'approve', reason: 'Fine.', at: '2026-01-01T00:09:00.000Z' }],
  },
};

async function run(found: Hold | undefined): Promise<string[]> {
  const printed: string[] = [];
  const kube = { get: () => Promise.resolve(found) } as unknown as KubeClient;
  await show(
    {
      kube: () => kube,
      style: createStyle(false),
      print: (text) => void printed.push(text),
      write: () => undefined,
      warn: () => undefined,
      raw: () => ({}) as RawClient,
      now: () => nowMs,
    },
    'h-1',
    { format: 'table', contextLines: 3 },
  );
  return printed.join('\n').split('\n');
}

describe('show', () => {
  test('a hold: who, why, and the exact change', async () => {
    expect(await run(hold)).toEqual([
      'Hold:         h-1',
      'Phase:        Pending',
      'Who:          bot (agents, ci)',
      'On behalf of: carol',
      'Session:      s-1',
      'Says it runs: kubectl scale',
      'Request:      UPDATE deployments.apps/web -n prod',
      'Why held:     rule "r" of policy "p": Production.',
      'Approvers:    Group sre, ServiceAccount ops/gate; 2 needed, 1 missing',
      'Expires:      in 50m',
      'Digest:       hmac-sha256:x',
      'Decisions:',
      '  2026-01-01T00:09:00.000Z  approve by alice: Fine.',
      'Change:',
      '/spec/replicas',
      '- 3',
      '+ 5',
    ]);
  });

  test('a hold of an elevated request: says which permission comes with the approval', async () => {
    const lines = await run({ ...hold, spec: { ...hold.spec, elevate: { groups: ['holdpoint:deployer'] } } });
    expect(lines).toContain('Elevates to:  holdpoint:deployer, for this one request');
  });

  test('no such hold: refused', async () => {
    await expect(run(undefined)).rejects.toMatchObject({ code: 'ERR_HOLD_NOT_FOUND' });
  });

  test('fields that would draw on the terminal, or forge a line: cannot', async () => {
    const evil = 'x\u001b[2J\nChange:\n+ harmless';
    const { spec } = hold;
    const lines = await run({
      ...hold,
      spec: {
        ...spec,
        subject: { username: evil, groups: [evil], session: evil, onBehalfOf: evil, command: evil },
        request: { ...spec.request, name: evil },
        message: evil,
      },
      status: { phase: 'Pending', decisions: [{ by: evil, verdict: 'approve', reason: evil, at: evil }] },
    });
    expect(lines.filter((line) => line === 'Change:')).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('+'))).toEqual(['+ 5']);
    expect(lines.join('')).not.toContain('\u001b');
  });
});
