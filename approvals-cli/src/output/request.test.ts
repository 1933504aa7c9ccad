import { describe, expect, test } from '@jest/globals';
import type { HoldRequest } from '@holdpoint/core';
import { printRequest } from './request.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const pods = { group: '', version: 'v1', resource: 'pods' };

describe('printRequest', () => {
  const rows: { situation: string; request: HoldRequest; want: string }[] = [
    {
      situation: 'an update in a namespace',
      request: { operation: 'UPDATE', resource: deployments, kind: 'Deployment', namespace: 'prod', name: 'web' },
      want: 'UPDATE deployments.apps/web -n prod',
    },
    {
      situation: 'the core group: no group',
      request: { operation: 'DELETE', resource: pods, kind: 'Pod', namespace: 'prod', name: 'web-0' },
      want: 'DELETE pods/web-0 -n prod',
    },
    {
      situation: 'a subresource',
      request: {
        operation: 'CONNECT',
        resource: pods,
        kind: 'PodExecOptions',
        subresource: 'exec',
        namespace: 'prod',
        name: 'web-0',
      },
      want: 'CONNECT pods/web-0 exec -n prod',
    },
    {
      situation: 'cluster-scoped: no namespace',
      request: { operation: 'DELETE', resource: { ...pods, resource: 'nodes' }, kind: 'Node', name: 'n-1' },
      want: 'DELETE nodes/n-1',
    },
    {
      situation: 'a generated name',
      request: { operation: 'CREATE', resource: pods, kind: 'Pod', namespace: 'prod' },
      want: 'CREATE pods/(generated name) -n prod',
    },
  ];
  test.each(rows)('$situation', ({ request, want }) => {
    expect(printRequest(request)).toBe(want);
  });
});
