import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { followConfigurationFile, readConfigurationFile } from './configuration-file.ts';

const file = (...urls: string[]): string =>
  [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AuthenticationConfiguration',
    'jwt:',
    ...urls.map(
      (url) => `- {issuer: {url: ${url}, audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ''}}}`,
    ),
  ].join('\n');

describe('an AuthenticationConfiguration file', () => {
  let path: string;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-authentication-'));
    path = join(folder, 'authentication.yaml');
    writeFileSync(path, file('https://one'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    { situation: 'with another issuer', text: file('https://two'), want: [['https://two']], current: true },
    { situation: 'without any issuer', text: file(), want: [[]], current: true },
    {
      situation: 'that says the same in other bytes',
      text: `# why\n${file('https://one')}`,
      want: [['https://one']],
      current: true,
    },
    { situation: 'that is empty', text: '', want: [expect.stringContaining('the document: expected an object')] },
    {
      situation: 'that is no YAML',
      text: 'a: [',
      want: [expect.stringMatching(/authentication\.yaml: expected YAML: /)],
    },
    {
      situation: 'with a field that is not known',
      text: `${file('https://one')}\nissuers: []`,
      want: [expect.stringContaining('issuers: not supported')],
    },
    {
      situation: 'that is gone',
      text: undefined,
      want: [expect.stringMatching(/authentication\.yaml: cannot be read: /)],
    },
    { situation: 'that cannot be served with', text: file('https://cluster'), want: ['the cluster’s own'] },
  ])('that changes to one $situation', ({ text, want, current = false }) => {
    const told: unknown[] = [];
    const applied: string[][] = [];
    const reloader = followConfigurationFile({
      file: path,
      current: readConfigurationFile(path),
      apply(configuration) {
        if (configuration.some(({ issuer }) => issuer.url === 'https://cluster')) throw new Error('the cluster’s own');
        applied.push(configuration.map(({ issuer }) => issuer.url));
      },
      onReload: (configuration) => told.push(configuration.map(({ issuer }) => issuer.url)),
      onFailure: (error) => told.push((error as Error).message),
    });
    reloader.check();
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    reloader.check();
    reloader.check();
    expect({ told, current: reloader.isCurrent() }).toEqual({ told: want, current });
    expect(applied).toEqual(current ? want : []);
  });
});
