import { describe, expect, test } from '@jest/globals';
import { answerMaskingOf, requestInfoOf, type AccessPolicySpec, type RequestInfo } from '@holdpoint/core';
import { refuseSelector } from './refused-selectors.ts';

const masking: AccessPolicySpec['masking'] = {
  fields: [
    { resources: ['databases'], paths: ['$.spec.unlockedBy', "$.metadata.labels['example.com/pin']"] },
    { resources: ['boxes'], paths: ['$.spec.users[*].pin'] },
  ],
};
const infoOf = (url: string): RequestInfo => requestInfoOf('GET', url) as RequestInfo;
const howOf = (info: RequestInfo) => answerMaskingOf([{ spec: { masking } }], info);
const codeOf = (url: string): number | undefined => {
  const info = infoOf(url.split('?', 1)[0] ?? '');
  return refuseSelector(info, howOf(info), url)?.refused.code;
};
const databases = '/apis/example.com/v1/databases';
const secrets = '/api/v1/namespaces/a/secrets';

describe('a field selector', () => {
  test.each([
    ['by name', `${secrets}?fieldSelector=metadata.name%3Ddb`, undefined],
    ['of pods by node', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn,status.phase!=Running', undefined],
    ['by a field that a policy masks', `${databases}?fieldSelector=spec.unlockedBy%3Dguess`, 403],
    ['by it and others, as not equal', `${databases}?fieldSelector=a%3Db,spec.unlockedBy!%3Dguess`, 403],
    ['by a field with a secret’s name', '/apis/example.com/v1/widgets?fieldSelector=spec.password%3D%3Dguess', 403],
  ])('%s', (_situation, url, want) => {
    expect(codeOf(url)).toBe(want);
  });

  test('in the second of two is never asked about: two of them are two readings', () => {
    const url = '/apis/example.com/v1/widgets?fieldSelector=a=b&fieldSelector=spec.token=x';
    expect(requestInfoOf('GET', url)).toMatchObject({ refused: true, code: 400 });
  });
});

describe('a label selector', () => {
  test.each([
    ['as helm asks', secrets, 'owner=helm,name=shop', undefined],
    ['of a set', secrets, 'app in (web, password),tier notin (a),!gone,there', undefined],
    ['whether there is a label', secrets, 'db-password', undefined],
    ['whether there is none', secrets, '!db-password', undefined],
    ['for a label with a secret’s name', secrets, 'app=web,db-password=guess', 403],
    ['for one with a prefix', secrets, 'example.com/api-token == guess', 403],
    ['for one, as not equal', secrets, 'db-password!=guess', 403],
    ['for one, of a set', secrets, 'db-password in (guess,other)', 403],
    ['for one, not of a set', secrets, 'db-password notin (guess)', 403],
    ['for a label that a policy masks', databases, 'example.com/pin=1234', 403],
    ['for its neighbour', databases, 'example.com/pins=1234', undefined],
    ['where a policy masks items of a list', '/apis/example.com/v1/boxes', 'app=web', undefined],
    ['by size: a number is found in a few steps', secrets, 'copied>5000', 403],
    ['by size, of what may hold a secret', '/api/v1/pods', 'copied < 5000', 403],
    ['by size, of what passes unread', '/api/v1/nodes', 'cpus>4', undefined],
  ])('%s', (_situation, path, selector, want) => {
    expect(codeOf(`${path}?labelSelector=${encodeURIComponent(selector)}`)).toBe(want);
  });
});
