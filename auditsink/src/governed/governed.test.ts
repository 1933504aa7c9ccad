import { describe, expect, test } from '@jest/globals';
import { emptyRow, type AccessPolicy, type AuditRow } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { createGoverned, type GovernedParts } from './governed.ts';

const policy: AccessPolicy = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: { subjects: [{ kind: 'User', name: 'bot' }] },
};
const row: AuditRow = {
  ...emptyRow,
  ...{ username: 'bot', verb: 'create', resource: 'configmaps', stage: 'ResponseComplete', code: 201 },
};
const marks = ({ governed, bypass }: AuditRow): unknown[] => [governed, bypass];

function world(openPolicies: GovernedParts['openPolicies']) {
  const told: boolean[] = [];
  const logged: string[] = [];
  const log = (_fields: object, message: string): void => void logged.push(message);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const onReadable = (isReadable: boolean): void => void told.push(isReadable);
  const created = createGoverned({ openPolicies, expectProxy: false, logger, onReadable, patienceMs: 5 });
  return { created, told, logged };
}

describe('createGoverned', () => {
  test('the policies are there: they decide', async () => {
    const { created, told } = world(async () => ({ list: () => [policy] }));
    const governed = await created;
    expect(marks(governed.mark(row, undefined))).toEqual([true, 'no-decision']);
    expect(marks(governed.mark({ ...row, username: 'carol' }, undefined))).toEqual([false, '']);
    expect(told).toEqual([true]);
  });

  test('a policy more: from then on', async () => {
    let list: AccessPolicy[] = [];
    const governed = await world(async () => ({ list: () => list })).created;
    expect(governed.mark(row, undefined).governed).toBe(false);
    list = [policy];
    expect(governed.mark(row, undefined).governed).toBe(true);
  });

  test('which fields are secret, whoever a policy governs; a path that does not parse is in no policy in force', async () => {
    const about = {
      apiGroup: 'shop.example',
      apiVersion: 'v1',
      resource: 'accounts',
      subresource: '',
      namespace: '',
      name: '',
    };
    const masking = {
      fields: [{ apiGroups: ['shop.example'], resources: ['accounts'], paths: ['$.spec.pin', '$[?(@.x)]'] }],
    };
    let list: AccessPolicy[] = [];
    const governed = await world(async () => ({ list: () => list })).created;
    expect(governed.fieldsAbout(about)).toEqual([]);
    list = [{ ...policy, spec: { ...policy.spec, masking } }];
    const path = [
      { step: 'field', name: 'spec' },
      { step: 'field', name: 'pin' },
    ];
    expect(governed.fieldsAbout(about)).toEqual([path]);
    expect(governed.fieldsAbout({ ...about, subresource: 'status' })).toEqual([path]);
    expect(governed.fieldsAbout({ ...about, resource: 'orders' })).toEqual([]);
  });

  test('no credentials: nobody is governed, said once', async () => {
    const { created, told, logged } = world(undefined);
    const governed = await created;
    expect(marks(governed.mark(row, undefined))).toEqual([false, '']);
    expect(told).toEqual([false]);
    expect(logged).toEqual(['policies not readable: nobody is known to be governed']);
  });

  test('the API server refuses again and again: events are taken meanwhile, and it is said once', async () => {
    let broke: (error: unknown) => void = () => undefined;
    let open: (cache: { list: () => AccessPolicy[] }) => void = () => undefined;
    const { created, told, logged } = world((onError) => {
      broke = onError;
      return new Promise((resolve) => (open = resolve));
    });
    for (let i = 0; i < 3; i += 1) broke(new Error('403'));
    const governed = await created;
    expect(marks(governed.mark(row, undefined))).toEqual([false, '']);
    expect(told).toEqual([false]);

    open({ list: () => [policy] });
    await Promise.resolve();
    expect(governed.mark(row, undefined).governed).toBe(true);
    expect(told).toEqual([false, true]);

    // The last copy stands while the API server is away.
    broke(new Error('connection refused'));
    expect(governed.mark(row, undefined).governed).toBe(true);
    expect(told).toEqual([false, true]);
    expect(logged).toEqual([
      'policies not readable: nobody is known to be governed',
      'policies readable',
      'watch broke',
    ]);
  });

  test('a policy that is none, stored while nothing checked it: the event is taken all the same', async () => {
    const broken = { ...policy, spec: {} } as unknown as AccessPolicy;
    const { created, told } = world(async () => ({ list: () => [broken] }));
    const governed = await created;
    expect(governed.mark(row, undefined)).toEqual(row);
    expect(told).toEqual([true, false]);
  });
});
