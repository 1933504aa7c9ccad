import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseAuthenticationConfiguration, userInfoOf, type JsonObject, type JwtAuthenticator } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';
import { exampleClaims } from './pipeline-claims.ts';

type Example = keyof typeof exampleClaims;

function load(example: Example): JwtAuthenticator {
  const text = readFileSync(inRepository('deploy', 'authentication', `${example}.yaml`), 'utf8');
  return parseAuthenticationConfiguration(parseYaml(text))[0] as JwtAuthenticator;
}

const userOf = (example: Example, more: JsonObject = {}) =>
  userInfoOf({ iat: 1_800_000_000, exp: 1_800_000_300, ...exampleClaims[example], ...more }, load(example));

test('every example is tried here', () => {
  const names = readdirSync(inRepository('deploy', 'authentication')).map((file) => file.replace(/\.yaml$/, ''));
  expect(names.sort()).toEqual(Object.keys(exampleClaims).sort());
});

test.each<[Example, object]>([
  [
    'github-actions',
    {
      username: 'github:octo-org/octo-repo',
      uid: '74',
      groups: ['github-actions', 'github-actions:production'],
      extra: { 'holdpoint.dev/session': ['30433642'], 'holdpoint.dev/on-behalf-of': ['github:octocat'] },
    },
  ],
  [
    'gitlab-ci',
    {
      username: 'gitlab:my-group/my-project',
      uid: '20',
      groups: ['gitlab-ci', 'gitlab-ci:production'],
      extra: { 'holdpoint.dev/session': ['574'], 'holdpoint.dev/on-behalf-of': ['gitlab:sample-user'] },
    },
  ],
  [
    'human-delegation',
    {
      username: 'agent:coder-7',
      groups: ['ai-agents'],
      extra: { 'holdpoint.dev/session': ['s-77'], 'holdpoint.dev/on-behalf-of': ['carol@example.com'] },
    },
  ],
])('%s: subject, session and who it is for', (example, want) => {
  expect(userOf(example)).toMatchObject(want);
});

test.each<[string, Example, JsonObject]>([
  ['another organisation', 'github-actions', { repository_owner_id: '66' }],
  [
    'another organisation by the name of ours',
    'github-actions',
    { repository_owner: 'octo-org', repository_owner_id: '9' },
  ],
  ['a pull request', 'github-actions', { event_name: 'pull_request' }],
  ['a pull request with the secrets of its target', 'github-actions', { event_name: 'pull_request_target' }],
  ['another group', 'gitlab-ci', { namespace_path: 'my-group-2' }],
  ['a branch that anybody may push to', 'gitlab-ci', { ref_protected: 'false' }],
  ['a person who comes themselves', 'human-delegation', { act: null }],
  ['a delegation without an agent', 'human-delegation', { act: {} }],
  ['a delegation for a day', 'human-delegation', { exp: 1_800_086_400 }],
])('%s is refused (%s)', (_situation, example, more) => {
  expect(() => userOf(example, more)).toThrow(/claimValidationRules\[\d\].expression|the required value/);
});

test('a job without an environment has the group of all jobs, and no more', () => {
  for (const example of ['github-actions', 'gitlab-ci'] as const) {
    const { environment: _unused, ...claims } = exampleClaims[example];
    expect(userInfoOf(claims, load(example)).groups).toEqual([example]);
  }
});

test('a subgroup’s project is of the group', () => {
  expect(userOf('gitlab-ci', { namespace_path: 'my-group/team' }).groups).toContain('gitlab-ci');
});
