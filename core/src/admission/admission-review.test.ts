import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HoldpointError } from '../errors.ts';
import { parseAdmissionReview, uidOfReview } from './admission-review.ts';

const request = {
  uid: 'u-1',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'scale',
  name: 'web',
  namespace: 'prod',
  operation: 'UPDATE',
  userInfo: { username: 'bot', uid: 'x', groups: ['agents'], extra: { 'holdpoint.dev/session': ['s-1'] } },
  object: { spec: {} },
  oldObject: { spec: { a: 1 } },
  dryRun: true,
  options: { kind: 'UpdateOptions' },
};
const { object: _object, oldObject: _oldObject, ...requestWithoutObjects } = request;
const review = (more: object = {}): unknown => ({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: { ...request, ...more },
});
const userInfo = (more: object): unknown => review({ userInfo: { ...request.userInfo, ...more } });

describe('parseAdmissionReview', () => {
  test('a whole review: all of it', () => {
    expect(parseAdmissionReview(review())).toEqual({
      uid: 'u-1',
      operation: 'UPDATE',
      kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subresource: 'scale',
      namespace: 'prod',
      name: 'web',
      user: { username: 'bot', uid: 'x', groups: ['agents'], extra: { 'holdpoint.dev/session': ['s-1'] } },
      object: { spec: {} },
      oldObject: { spec: { a: 1 } },
      options: { kind: 'UpdateOptions' },
      dryRun: true,
      raw: requestWithoutObjects,
    });
  });

  test('what Go leaves out when it is empty: empty', () => {
    const { uid, kind, resource } = request;
    const raw = { uid, kind, resource, operation: 'CONNECT', userInfo: { username: 'bot' } };
    expect(parseAdmissionReview({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: raw })).toEqual({
      uid,
      operation: 'CONNECT',
      kind,
      resource,
      subresource: '',
      namespace: '',
      name: '',
      user: { username: 'bot', uid: '', groups: [], extra: {} },
      object: null,
      oldObject: null,
      options: null,
      dryRun: false,
      raw,
    });
  });

  test('an extra called __proto__: an extra like any other', () => {
    const extra: unknown = JSON.parse('{"__proto__": ["x"]}');
    const { user } = parseAdmissionReview(userInfo({ extra }));
    expect(JSON.stringify(user.extra)).toBe('{"__proto__":["x"]}');
  });

  test.each([
    { situation: 'null', input: null, wantPath: '', wantMessage: 'the body: expected an object, got null' },
    { situation: 'a list', input: [review()], wantPath: '', wantMessage: 'the body: expected an object, got a list' },
    {
      situation: 'a string',
      input: 'AdmissionReview',
      wantPath: '',
      wantMessage: 'the body: expected an object, got string',
    },
    { situation: 'nothing', input: undefined, wantPath: '', wantMessage: 'the body: expected an object, got nothing' },
    {
      situation: 'an empty object',
      input: {},
      wantPath: 'kind',
      wantMessage: 'kind: expected "AdmissionReview", got nothing',
    },
    {
      situation: 'another kind',
      input: { ...(review() as object), kind: 'TokenReview' },
      wantPath: 'kind',
      wantMessage: 'kind: expected "AdmissionReview", got string',
    },
    {
      situation: 'another version',
      input: { ...(review() as object), apiVersion: 'admission.k8s.io/v1beta1' },
      wantPath: 'apiVersion',
      wantMessage: 'apiVersion: expected "admission.k8s.io/v1", got string',
    },
    {
      situation: 'no request',
      input: { ...(review() as object), request: undefined },
      wantPath: 'request',
      wantMessage: 'request: expected an object, got nothing',
    },
    {
      situation: 'a response in its place',
      input: { ...(review() as object), request: null, response: {} },
      wantPath: 'request',
      wantMessage: 'request: expected an object, got null',
    },
    {
      situation: 'a list as request',
      input: { ...(review() as object), request: [] },
      wantPath: 'request',
      wantMessage: 'request: expected an object, got a list',
    },
    {
      situation: 'no uid',
      input: review({ uid: undefined }),
      wantPath: 'request.uid',
      wantMessage: 'request.uid: expected a string, got nothing',
    },
    {
      situation: 'an empty uid',
      input: review({ uid: '' }),
      wantPath: 'request.uid',
      wantMessage: 'request.uid: expected a uid, got string',
    },
    {
      situation: 'a number as uid',
      input: review({ uid: 1 }),
      wantPath: 'request.uid',
      wantMessage: 'request.uid: expected a string, got number',
    },
    {
      situation: 'no operation',
      input: review({ operation: null }),
      wantPath: 'request.operation',
      wantMessage: 'request.operation: expected a string, got null',
    },
    {
      situation: 'a verb as operation',
      input: review({ operation: 'update' }),
      wantPath: 'request.operation',
      wantMessage: 'request.operation: expected CREATE, UPDATE, DELETE, CONNECT, got string',
    },
    {
      situation: 'no kind',
      input: review({ kind: undefined }),
      wantPath: 'request.kind',
      wantMessage: 'request.kind: expected an object, got nothing',
    },
    {
      situation: 'a kind without group',
      input: review({ kind: { version: 'v1', kind: 'Pod' } }),
      wantPath: 'request.kind.group',
      wantMessage: 'request.kind.group: expected a string, got nothing',
    },
    {
      situation: 'a string as resource',
      input: review({ resource: 'pods' }),
      wantPath: 'request.resource',
      wantMessage: 'request.resource: expected an object, got string',
    },
    {
      situation: 'a resource without version',
      input: review({ resource: { group: '', resource: 'pods' } }),
      wantPath: 'request.resource.version',
      wantMessage: 'request.resource.version: expected a string, got nothing',
    },
    {
      situation: 'a list as name',
      input: review({ name: ['web'] }),
      wantPath: 'request.name',
      wantMessage: 'request.name: expected a string, got a list',
    },
    {
      situation: 'an object as namespace',
      input: review({ namespace: {} }),
      wantPath: 'request.namespace',
      wantMessage: 'request.namespace: expected a string, got object',
    },
    {
      situation: 'a boolean as subresource',
      input: review({ subResource: false }),
      wantPath: 'request.subResource',
      wantMessage: 'request.subResource: expected a string, got boolean',
    },
    {
      situation: 'a string as dryRun',
      input: review({ dryRun: 'true' }),
      wantPath: 'request.dryRun',
      wantMessage: 'request.dryRun: expected a boolean, got string',
    },
    {
      situation: 'a nil user',
      input: review({ userInfo: null }),
      wantPath: 'request.userInfo',
      wantMessage: 'request.userInfo: expected an object, got null',
    },
    {
      situation: 'a user without name',
      input: userInfo({ username: undefined }),
      wantPath: 'request.userInfo.username',
      wantMessage: 'request.userInfo.username: expected a string, got nothing',
    },
    {
      situation: 'a user with an empty name',
      input: userInfo({ username: '' }),
      wantPath: 'request.userInfo.username',
      wantMessage: 'request.userInfo.username: expected a name, got string',
    },
    {
      situation: 'a string as groups',
      input: userInfo({ groups: 'agents' }),
      wantPath: 'request.userInfo.groups',
      wantMessage: 'request.userInfo.groups: expected a list of strings, got string',
    },
    {
      situation: 'a number among the groups',
      input: userInfo({ groups: ['a', 1] }),
      wantPath: 'request.userInfo.groups[1]',
      wantMessage: 'request.userInfo.groups[1]: expected a string, got number',
    },
    {
      situation: 'a string as extra',
      input: userInfo({ extra: 'abc' }),
      wantPath: 'request.userInfo.extra',
      wantMessage: 'request.userInfo.extra: expected an object, got string',
    },
    {
      situation: 'a number as extra',
      input: userInfo({ extra: 5 }),
      wantPath: 'request.userInfo.extra',
      wantMessage: 'request.userInfo.extra: expected an object, got number',
    },
    {
      situation: 'an extra that is no list',
      input: userInfo({ extra: { 'a/b': 'c' } }),
      wantPath: 'request.userInfo.extra["a/b"]',
      wantMessage: 'request.userInfo.extra["a/b"]: expected a list of strings, got string',
    },
    {
      situation: 'null within an extra',
      input: userInfo({ extra: { k: ['v', null] } }),
      wantPath: 'request.userInfo.extra["k"][1]',
      wantMessage: 'request.userInfo.extra["k"][1]: expected a string, got null',
    },
  ])('$situation: refused with the path', ({ input, wantPath, wantMessage }) => {
    let thrown: unknown;
    try {
      parseAdmissionReview(input);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(
      new HoldpointError('ERR_ADMISSION_REVIEW_INVALID', wantMessage, { details: { path: wantPath } }),
    );
    expect(thrown).toMatchObject({ code: 'ERR_ADMISSION_REVIEW_INVALID', details: { path: wantPath } });
  });

  test('any JSON, any part of a review replaced by any JSON: parsed, or refused with a path; never another error', () => {
    const broken = fc
      .tuple(fc.constantFrom(...Object.keys(request), 'userInfo.groups', 'userInfo.extra'), fc.jsonValue())
      .map(([key, value]) => {
        const [outer = '', inner] = key.split('.');
        return inner === undefined ? review({ [outer]: value }) : userInfo({ [inner]: value });
      });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), broken), (input) => {
        try {
          expect(typeof parseAdmissionReview(input).user.username).toBe('string');
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_ADMISSION_REVIEW_INVALID', details: { path: expect.any(String) } });
        }
      }),
    );
  });
});

describe('uidOfReview', () => {
  test.each([
    {
      situation: 'a review that is broken otherwise: its uid',
      input: { request: { uid: 'u-1', operation: 5 } },
      want: 'u-1',
    },
    { situation: 'a number as uid: none', input: { request: { uid: 5 } }, want: '' },
    { situation: 'no request: none', input: {}, want: '' },
    { situation: 'a list as request: none', input: { request: ['u-1'] }, want: '' },
    { situation: 'null: none', input: null, want: '' },
  ])('$situation', ({ input, want }) => {
    expect(uidOfReview(input)).toBe(want);
  });
});
