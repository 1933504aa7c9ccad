import { describe, expect, test } from '@jest/globals';
import type { Hold } from '@holdpoint/core';
import { KubeApiError, type KubeClient, type RawClient } from '@holdpoint/platform';
import { createStyle } from '../output/style.ts';
import { decideHolds } from './decide.ts';

const at = '2026-01-01T00:00:00.000Z';
const hold = (more: Partial<Hold>, minApprovals = 1): Hold =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name: 'h-1' },
    spec: { minApprovals, request: { resource: { group: 'apps' } } },
    status: { phase: 'Pending', decisions: [] },
    ...more,
  }) as unknown as Hold;
const approvedBy = (...names: string[]) => names.map((by) => ({ by, verdict: 'approve', at }) as const);

/** The API server, as far as deciding goes: `answer` is what a webhook made of the patch. */
async function run(
  verdict: 'approve' | 'deny',
  reason: string | undefined,
  found: Hold | undefined,
  answer: () => Hold,
) {
  const printed: string[] = [];
  const patches: object[] = [];
  const kube = {
    get: () => Promise.resolve(found),
    mergePatch: async (kind: { plural: string }, name: string, patch: object) => {
      patches.push({ kind: kind.plural, name, patch });
      return Promise.resolve(answer());
    },
  };
  const context = {
    kube: () => kube as unknown as KubeClient,
    style: createStyle(false),
    print: (text: string) => void printed.push(text),
    write: () => undefined,
    warn: () => undefined,
    raw: () => ({}) as RawClient,
    now: () => 0,
  };
  const thrown = await decideHolds(context, ['h-1'], { verdict, ...(reason === undefined ? {} : { reason }) }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { printed, patches, thrown };
}
const patchOf = (annotations: object) => [{ kind: 'holds', name: 'h-1', patch: { metadata: { annotations } } }];

describe('decideHolds', () => {
  const rows: {
    situation: string;
    verdict: 'approve' | 'deny';
    reason?: string;
    answer: Hold;
    wantPrinted: string;
    wantAnnotations: object;
  }[] = [
    {
      situation: 'approved by the one it needs',
      verdict: 'approve',
      answer: hold({
        status: { phase: 'Approved', decisions: approvedBy('alice'), useBefore: '2026-01-01T00:10:00.000Z' },
      }),
      wantPrinted: 'hold.holdpoint.dev/h-1 approved; usable until 2026-01-01T00:10:00.000Z',
      wantAnnotations: { 'holdpoint.dev/decision': 'approve' },
    },
    {
      situation: 'approved by the first of two, with a reason',
      verdict: 'approve',
      reason: 'Looked at it.',
      answer: hold({ status: { phase: 'Pending', decisions: approvedBy('alice') } }, 2),
      wantPrinted: 'hold.holdpoint.dev/h-1 approved by you; 1 more needed',
      wantAnnotations: { 'holdpoint.dev/decision': 'approve', 'holdpoint.dev/reason': 'Looked at it.' },
    },
    {
      situation: 'denied',
      verdict: 'deny',
      reason: 'No.',
      answer: hold({ status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', reason: 'No.', at }] } }),
      wantPrinted: 'hold.holdpoint.dev/h-1 denied',
      wantAnnotations: { 'holdpoint.dev/decision': 'deny', 'holdpoint.dev/reason': 'No.' },
    },
  ];
  test.each(rows)(
    '$situation: by annotating, and says so',
    async ({ verdict, reason, answer, wantPrinted, wantAnnotations }) => {
      expect(await run(verdict, reason, hold({}), () => answer)).toEqual({
        printed: [wantPrinted],
        patches: patchOf(wantAnnotations),
        thrown: undefined,
      });
    },
  );

  test('no such hold: says where to look, and annotates nothing', async () => {
    const { printed, patches, thrown } = await run('approve', undefined, undefined, () => hold({}));
    expect({ printed, patches }).toEqual({ printed: [], patches: [] });
    expect(thrown).toMatchObject({
      code: 'ERR_HOLD_NOT_FOUND',
      message:
        'hold "h-1" not found. See what is pending with "approvals list", and all of them with "approvals list --all".',
    });
  });

  test('refused by the webhook: its words, and nothing that looks like success', async () => {
    const refusal = new KubeApiError(403, undefined, undefined);
    const { printed, thrown } = await run('approve', undefined, hold({}), () => {
      throw refusal;
    });
    expect({ printed, thrown }).toEqual({ printed: [], thrown: refusal });
  });

  test.each(['approve', 'deny'] as const)(
    '%s, and no webhook took it: said, and nothing that looks like success',
    async (verdict) => {
      const untouched = hold({ metadata: { name: 'h-1', annotations: { 'holdpoint.dev/decision': verdict } } });
      const { printed, thrown } = await run(verdict, undefined, hold({}), () => untouched);
      expect(printed).toEqual([]);
      expect(thrown).toMatchObject({
        code: 'ERR_UPSTREAM_UNAVAILABLE',
        message:
          'hold "h-1" is not decided: nobody turned the annotation holdpoint.dev/decision into a decision. ' +
          'Is the webhook registered? Remove the annotation before you decide again.',
      });
    },
  );
});
