import { describe, expect, test } from '@jest/globals';
import type { Subject } from '@holdpoint/core';
import fc from 'fast-check';
import { governedExpression, validatingConfiguration, type WebhookConfiguration } from './configurations.ts';
import { governedSubjects, uncovered } from './coverage.ts';

const client = { url: 'https://webhook:8443', caBundle: 'Q0E=' };
const agents: Subject = { kind: 'Group', name: 'agents' };
const bot: Subject = { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' };
const configuration = (subjects: Subject[]): WebhookConfiguration =>
  validatingConfiguration({ client, subjects, credentialExtra: '', ownUsername: 'me' });
const wanted = configuration([agents, bot]);

/** What somebody made of the judge's registration. */
const changed = (change: object): WebhookConfiguration => ({
  ...wanted,
  webhooks: wanted.webhooks.map((each, i) => (i === 0 ? { ...each, ...change } : each)),
});

describe('uncovered', () => {
  const rows: { situation: string; actual: WebhookConfiguration | undefined; want: string[] }[] = [
    { situation: 'exactly as it should be', actual: wanted, want: [] },
    {
      situation: 'no registration',
      actual: undefined,
      want: ['judge.holdpoint.dev is not registered', 'policies.holdpoint.dev is not registered'],
    },
    {
      situation: 'the judge is missing',
      actual: { ...wanted, webhooks: wanted.webhooks.slice(1) },
      want: ['judge.holdpoint.dev is not registered'],
    },
    {
      situation: 'other rules',
      actual: changed({
        rules: [{ apiGroups: ['apps'], apiVersions: ['*'], resources: ['*'], operations: ['*'], scope: '*' }],
      }),
      want: ['judge.holdpoint.dev has other rules'],
    },
    {
      situation: 'a match condition more',
      actual: changed({
        matchConditions: [...(wanted.webhooks[0]?.matchConditions ?? []), { name: 'x', expression: 'false' }],
      }),
      want: ['judge.holdpoint.dev has other matchConditions'],
    },
    {
      situation: 'a narrower condition that looks like ours',
      actual: changed({
        matchConditions: [
          ...(wanted.webhooks[0]?.matchConditions ?? []).slice(0, 1),
          { name: 'governed', expression: `${governedExpression([agents, bot])} && false` },
        ],
      }),
      want: ['judge.holdpoint.dev has other matchConditions'],
    },
    {
      situation: 'no match conditions at all',
      actual: changed({ matchConditions: undefined }),
      want: ['judge.holdpoint.dev has other matchConditions'],
    },
    {
      situation: 'a failurePolicy that lets pass',
      actual: changed({ failurePolicy: 'Ignore' }),
      want: ['judge.holdpoint.dev has other failurePolicy'],
    },
    {
      situation: 'a namespaceSelector',
      actual: changed({ namespaceSelector: { matchLabels: { a: 'b' } } }),
      want: ['judge.holdpoint.dev has other namespaceSelector'],
    },
    {
      situation: 'another caBundle',
      actual: changed({ clientConfig: { url: 'https://webhook:8443/validate', caBundle: 'WA==' } }),
      want: ['judge.holdpoint.dev has other clientConfig'],
    },
    {
      situation: 'its subject is missing',
      actual: configuration([bot]),
      want: ['judge.holdpoint.dev has other matchConditions'],
    },
    { situation: "another policy's subject is missing", actual: configuration([agents]), want: [] },
    { situation: 'a subject more', actual: configuration([agents, bot, { kind: 'User', name: 'x' }]), want: [] },
  ];
  test.each(rows)('$situation', ({ actual, want }) => {
    expect(uncovered(actual, wanted, [agents])).toEqual(want);
  });
});

describe('governedSubjects', () => {
  const names = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('"] || true', ']', '", "', '\\', '])) || (has('));
  test('any names: either the inverse of what was written, or not taken for ours', () => {
    fc.assert(
      fc.property(fc.array(names), fc.array(names), (users, groups) => {
        const expression = governedExpression([
          ...users.map((name) => ({ kind: 'User' as const, name })),
          ...groups.map((name) => ({ kind: 'Group' as const, name })),
        ]);
        const read = governedSubjects(expression);
        if (read !== undefined) expect(governedExpression(read)).toBe(expression);
        const plain = [...users, ...groups].every((name) => !name.includes(']'));
        if (plain) expect(read).toBeDefined();
      }),
    );
  });
});
