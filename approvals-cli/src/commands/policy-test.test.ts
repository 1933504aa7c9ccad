import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HoldpointError } from '@holdpoint/core';
import type { KubeClient, RawClient } from '@holdpoint/platform';
import { createStyle } from '../output/style.ts';
import { checkPolicies, testPolicies } from './policy-test.ts';

const policy = `
kind: AccessPolicy
metadata: { name: p }
spec:
  subjects: [{ kind: Group, name: agents }]
  hold: { approvers: [{ kind: Group, name: sre }] }
  rules:
    - name: dev
      action: Allow
      namespaces: [dev]
      resourceRules: [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }]
    - name: small
      action: Allow
      resourceRules: [{ apiGroups: [apps], resources: [deployments], operations: [UPDATE] }]
      matchConditions: [{ name: few, expression: object.spec.replicas <= 10 }]
`;
const request = (replicas: number, more = '', groups = 'agents'): string => `
user: { username: bot, groups: [${groups}] }
operation: UPDATE
resource: deployments.v1.apps
namespace: prod
object: { metadata: { name: web }, spec: { replicas: ${String(replicas)} } }
oldObject: { metadata: { name: web }, spec: { replicas: 1 } }
${more}
`;

describe('policy test', () => {
  let folder: string;
  let printed: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-policy-'));
    printed = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const context = () => ({
    kube: () => ({}) as KubeClient,
    raw: () => ({}) as RawClient,
    style: createStyle(false),
    print: (text: string) => void printed.push(text.replaceAll(folder, '.')),
    write: () => undefined,
    warn: () => undefined,
    now: () => 0,
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const judgeAll = (requests: string, policies = policy): number =>
    testPolicies(context(), [file('p.yaml', policies)], [file('r.yaml', requests)]);

  test('each request: the rules passed over and why, the one that decides, and whether that was expected', () => {
    const failed = judgeAll(
      [request(3, 'expect: Allow'), request(30, 'expect: Allow'), request(3, '', 'x')].join('---'),
    );
    expect({ failed, printed }).toEqual({
      failed: 1,
      printed: [
        './r.yaml, document 1',
        '  policy p:',
        '    dev: passed over, another namespace',
        '    small: Allow',
        '  => Allow by p/small',
        './r.yaml, document 2',
        '  policy p:',
        '    dev: passed over, another namespace',
        '    small: passed over, matchCondition "few" is false',
        '    default: Hold',
        '  => Hold by p/default',
        '  FAILED: expected Allow',
        './r.yaml, document 3',
        '  no policy governs this user',
        '  => Allow',
        '3 requests judged; 1 of 2 expectations met',
      ],
    });
  });

  test('a read, by its URL: what the proxy would say', () => {
    const reads = `${policy}
  reads:
    defaultAction: Deny
    rules:
      - { name: pods, action: Allow, verbs: [get, list], resources: [pods] }
      - name: harmless
        action: Deny
        message: Look, and touch nothing.
        verbs: ['*']
        resources: [pods/exec]
        matchConditions: [{ name: shell, expression: 'request.command[0] == "sh"' }]
`;
    const read = (url: string, more = ''): string =>
      `{ user: { username: bot, groups: [agents] }, url: '${url}'${more} }`;
    const failed = judgeAll(
      [
        read('/api/v1/namespaces/a/pods?limit=500', ', expect: Allow, expectRule: pods'),
        read('/api/v1/namespaces/a/secrets', ', expect: Allow'),
        read('/api/v1/namespaces/a/pods/p/exec?command=sh', ', name: a shell, method: POST, expect: Deny'),
      ].join('\n---\n'),
      reads,
    );
    expect({ failed, printed }).toEqual({
      failed: 1,
      printed: [
        './r.yaml, document 1',
        '  => Allow by p/pods',
        './r.yaml, document 2',
        '  refused: no rule of AccessPolicy p allows list secrets in namespace a',
        '  => Deny by p/default',
        '  FAILED: expected Allow',
        './r.yaml, document 3 a shell',
        '  refused: Look, and touch nothing.',
        '  => Deny by p/harmless',
        '3 requests judged; 2 of 3 expectations met',
      ],
    });
  });

  test.each([
    {
      situation: 'a URL of two readings',
      requests: "{ user: { username: bot }, url: '/api/v1//pods' }",
      want: /document 1: url: the request's URL is refused: its path has a double slash/,
    },
    {
      situation: 'a hold, which no read is',
      requests: '{ user: { username: bot }, url: /api/v1/pods, expect: Hold }',
      want: /document 1: expect: expected Allow or Deny/,
    },
    {
      situation: 'an unknown field',
      requests: request(1, 'expects: Allow'),
      want: /r\.yaml, document 1: expects: no such/,
    },
    {
      situation: 'no verdict of ours',
      requests: request(1, 'expect: Maybe'),
      want: /document 1: expect: expected Allow/,
    },
    { situation: 'no user', requests: 'operation: UPDATE', want: /document 1: user: expected/ },
    {
      situation: 'no operation',
      requests: request(1).replace('UPDATE', 'PATCH'),
      want: /request\.operation: expected/,
    },
    { situation: 'no YAML', requests: '{', want: /r\.yaml: / },
  ])('$situation: told with its place', ({ requests, want }) => {
    expect(() => judgeAll(requests)).toThrow(HoldpointError);
    expect(() => judgeAll(requests)).toThrow(want);
  });

  test('a rule that elevates: to what', () => {
    const lending = policy.replace('- name: small', "- name: small\n      elevate: { groups: ['holdpoint:scaler'] }");
    judgeAll(request(3), lending);
    expect(printed).toContain('    small: Allow, elevates to holdpoint:scaler');
  });

  test.each([
    { situation: 'elevate without groups', from: 'name: small', to: 'name: small\n      elevate: {}' },
    { situation: 'elevate to no name', from: 'name: small', to: 'name: small\n      elevate: { groups: [1] }' },
  ])('a policy with $situation: told with its place', ({ from, to }) => {
    expect(() => judgeAll(request(1), policy.replace(from, to))).toThrow(
      /document 1: spec\.rules\[1\]\.elevate\.groups: expected a list of names/,
    );
  });

  test('a policy with a subject without a name: told with its place', () => {
    const broken = policy.replace('name: agents', 'nome: agents');
    expect(() => judgeAll(request(1), broken)).toThrow(/document 1: spec\.subjects\[0\]\.name: expected a name/);
  });

  test('a policy that does not compile: told with its place', () => {
    const broken = policy.replace('object.spec.replicas <= 10', 'objekt');
    expect(() => judgeAll(request(1), broken)).toThrow(
      /document 1: spec\.rules\[1\]\.matchConditions\[0\]\.expression: /,
    );
    printed = [];
    expect(checkPolicies(context(), [file('b.yaml', broken), file('p.yaml', policy)])).toBe(1);
    expect(printed[0]).toMatch(/^\.\/b\.yaml, document 1: spec\.rules\[1\]\.matchConditions\[0\]\.expression: /);
    expect(printed[1]).toBe('./p.yaml, document 1: AccessPolicy "p" compiles');
  });
});
