import { expect, test } from '@jest/globals';
import { failureStatus } from '../kubernetes/status.ts';
import type { JsonObject } from '../kubernetes/object.ts';
import { maskStatus, withoutQuotedObjects } from './mask-status.ts';

const withheld = (reason: string): string =>
  `the API server answered ${reason}; its message is withheld, because messages about Secrets can quote their values`;

test.each([
  ['a missing Secret', 404, 'secrets "db" not found'],
  ['one that exists', 409, 'secrets "db" already exists'],
  [
    'RBAC',
    403,
    'secrets is forbidden: User "oidc:coding-agent" cannot list resource "secrets" in API group "" in the namespace "prod"',
  ],
  [
    'RBAC on one',
    403,
    'secrets "db" is forbidden: User "a" cannot get resource "secrets" in API group "" at the cluster scope',
  ],
  [
    'a write to an older version',
    409,
    'Operation cannot be fulfilled on secrets "db": the object has been modified; please apply your changes to the latest version and try again',
  ],
  ['our own webhook', 403, 'admission webhook "judge.holdpoint.dev" denied the request: held (h-1)'],
])('keeps the message of %s', (_situation, code, message) => {
  const status = failureStatus(code, message) as unknown as JsonObject;
  expect(maskStatus(status)).toEqual(status);
});

test.each([
  ['a validation error', 422, 'Secret "db" is invalid: type: Invalid value: "hunter2": field is immutable'],
  ['a decoding error', 400, 'Secret in version "v1" cannot be handled as a Secret: … "hunter2"'],
  ['a conflict', 409, 'Apply failed with 1 conflict: conflict with "kubectl": .data.hunter2'],
  ['another webhook', 403, 'admission webhook "x.example.com" denied the request: hunter2'],
  ['a webhook with a name like ours', 403, 'admission webhook "judge.evilholdpoint.dev" denied the request: hunter2'],
  ['an admission policy', 403, 'secrets "db" is forbidden: ValidatingAdmissionPolicy "x" denied request: hunter2'],
  ['a message with a safe beginning', 404, 'secrets "db" not found: hunter2'],
  ['a message with a safe line', 404, 'secrets "db" not found\nhunter2'],
])('withholds the message of %s, and of its causes', (_situation, code, message) => {
  const status = failureStatus(code, message, { name: 'db', causes: [{ reason: 'r', field: 'f', message }] });
  expect(maskStatus(status as unknown as JsonObject)).toEqual(
    failureStatus(code, withheld(status.reason), {
      name: 'db',
      causes: [{ reason: 'r', field: 'f', message: 'withheld' }],
    }),
  );
});

const failure = (message: string, causes?: { message: string }[]) => ({
  kind: 'Status',
  status: 'Failure',
  message,
  ...(causes === undefined ? {} : { details: { name: 'c', causes } }),
});

test.each([
  [
    'an object that the API server could not decode',
    'patch: Invalid value: "{\\"data\\":{\\"k\\":\\"hunter2\\"}}": json: cannot unmarshal',
    'patch: Invalid value: "{… withheld …}": json: cannot unmarshal',
  ],
  [
    'an object as it is',
    `Object 'Kind' is missing in '{"data":{"k":"hunter2"}}'`,
    `Object 'Kind' is missing in '{… withheld …}'`,
  ],
  ['several', 'a {"k":1} b {"k":2} c', 'a {… withheld …} c'],
])('leaves %s out of a message, and of its causes', (_situation, message, want) => {
  expect(withoutQuotedObjects(failure(message, [{ message }]))).toEqual(failure(want, [{ message: want }]));
});

test('leaves a message that quotes no object, the same reference', () => {
  const status = failure('replicas: Invalid value: -1: must be positive {see docs}', [
    { message: 'Invalid value: -1' },
  ]);
  expect(withoutQuotedObjects(status)).toBe(status);
});
