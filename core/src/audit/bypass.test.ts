import { describe, expect, test } from '@jest/globals';
import type { Subject } from '../identity/subject.ts';
import { emptyRow, type AuditRow } from './audit-row.ts';
import { markRow, type MarkInput } from './bypass.ts';

const policy = (...subjects: Subject[]): MarkInput['policies'][number] => ({
  metadata: { name: 'p', creationTimestamp: '2026-05-04T10:00:00Z' },
  spec: { subjects },
});
const agents = policy({ kind: 'Group', name: 'ai-agents' });
const agent = { username: 'coding-agent', groups: ['ai-agents', 'system:authenticated'] };
const carol = { username: 'carol', groups: ['developers', 'system:authenticated'] };
const proxy = 'system:serviceaccount:holdpoint-system:holdpoint-proxy';

/** A direct write of the agent that the webhook has allowed. */
const judged: AuditRow = {
  ...emptyRow,
  ...agent,
  event_time: '2026-05-04 10:11:12.000000',
  stage_time: '2026-05-04 10:11:12.000500',
  stage: 'ResponseComplete',
  level: 'RequestResponse',
  verb: 'update',
  api_group: 'apps',
  resource: 'deployments',
  namespace: 'prod',
  name: 'shop',
  request_uri: '/apis/apps/v1/namespaces/prod/deployments/shop',
  code: 200,
  decision: 'allow',
};
const unjudged = { ...judged, decision: '' };
const throughProxy = { impersonator: proxy, via_proxy: true };

interface Row {
  situation: string;
  row: AuditRow;
  policies?: MarkInput['policies'];
  authenticated?: MarkInput['authenticated'];
  expectProxy?: boolean;
  want: Pick<AuditRow, 'governed' | 'bypass'>;
}

const mark = ({ row, policies = [agents], authenticated, expectProxy = false }: Row): AuditRow =>
  markRow(row, { policies, authenticated: authenticated ?? (row.impersonator === '' ? row : undefined), expectProxy });

const harmless = { governed: true, bypass: '' };
const unjudgedWant = { governed: true, bypass: 'no-decision' };
const nobody = { governed: false, bypass: '' };

describe('who is governed', () => {
  test.each<Row>([
    { situation: 'by a group', row: judged, want: harmless },
    { situation: 'by name', row: judged, policies: [policy({ kind: 'User', name: 'coding-agent' })], want: harmless },
    {
      situation: 'a service account',
      row: { ...judged, username: 'system:serviceaccount:ci:bot' },
      policies: [policy({ kind: 'ServiceAccount', namespace: 'ci', name: 'bot' })],
      want: harmless,
    },
    { situation: 'somebody else', row: { ...unjudged, ...carol }, want: nobody },
    { situation: 'nobody, without policies', row: unjudged, policies: [], want: nobody },
    { situation: 'a read is governed too, and is no write', row: { ...unjudged, verb: 'get' }, want: harmless },
    {
      situation: 'not before the policy was there, however late the event comes',
      row: { ...unjudged, event_time: '2026-05-04 09:59:59.999999' },
      want: nobody,
    },
    {
      situation: 'in the very second of the policy',
      row: { ...judged, event_time: '2026-05-04 10:00:00.000000' },
      want: harmless,
    },
    {
      situation: 'a policy without a time counts',
      row: judged,
      policies: [{ ...agents, metadata: { name: 'p' } }],
      want: harmless,
    },
    { situation: 'a stub that names nobody', row: { ...emptyRow, broken: 'broken: stage' }, want: nobody },
  ])('$situation', (row) => {
    expect(mark(row)).toEqual({ ...row.row, ...row.want });
  });
});

describe('no-decision: a write that succeeded, and nobody was asked', () => {
  const deletion = { ...unjudged, verb: 'delete' };
  const collection = { ...unjudged, verb: 'deletecollection', name: '' };
  test.each<Row>([
    ...['create', 'update', 'patch', 'delete'].map((verb) => ({
      situation: verb,
      row: { ...unjudged, verb },
      want: unjudgedWant,
    })),
    { situation: 'judged', row: judged, want: harmless },
    {
      situation: 'judged, by a copy of the policies that was behind',
      row: { ...judged, decision: 'ungoverned' },
      want: harmless,
    },
    { situation: 'also through the proxy', row: { ...unjudged, ...throughProxy }, want: unjudgedWant },
    { situation: 'a write that RBAC refused', row: { ...unjudged, code: 403 }, want: harmless },
    { situation: 'a write that no object was there for', row: { ...unjudged, code: 404 }, want: harmless },
    { situation: 'a stage before the answer', row: { ...unjudged, stage: 'ResponseStarted' }, want: harmless },
    { situation: 'a panic of the API server', row: { ...unjudged, stage: 'Panic', code: 500 }, want: harmless },
    {
      situation: 'a cluster-scoped object',
      row: { ...unjudged, resource: 'namespaces', api_group: '', namespace: '' },
      want: unjudgedWant,
    },
    { situation: 'a subresource', row: { ...unjudged, subresource: 'scale' }, want: unjudgedWant },
    {
      situation: 'a post to no object',
      row: { ...unjudged, verb: 'post', resource: '', request_uri: '/graphql' },
      want: harmless,
    },

    {
      situation: 'a dry run',
      row: { ...unjudged, request_uri: `${judged.request_uri}?fieldManager=k&dryRun=All` },
      want: harmless,
    },
    {
      situation: 'what only looks like a dry run',
      row: { ...unjudged, request_uri: `${judged.request_uri}?fieldManager=dryRun=All` },
      want: unjudgedWant,
    },
    {
      situation: 'a dry run in the path',
      row: { ...unjudged, request_uri: '/apis/apps/v1/namespaces/prod/deployments/dryRun=All' },
      want: unjudgedWant,
    },
    {
      situation: 'a token request that says it is a dry run: it hands out its token all the same',
      row: {
        ...unjudged,
        api_group: '',
        resource: 'serviceaccounts',
        subresource: 'token',
        verb: 'create',
        request_uri: '/x?dryRun=All',
      },
      want: unjudgedWant,
    },
    {
      situation: 'a delete that says so in the URL',
      row: { ...deletion, request_uri: '/x?dryRun=All' },
      want: harmless,
    },
    {
      situation: 'a delete that says so in its options',
      row: { ...deletion, request_body: '{"kind":"DeleteOptions","dryRun":["All"]}' },
      want: harmless,
    },
    {
      situation: 'a delete whose URL says so and whose options do not: the options count',
      row: { ...deletion, request_uri: '/x?dryRun=All', request_body: '{"kind":"DeleteOptions"}' },
      want: unjudgedWant,
    },
    {
      situation: 'a delete whose options were not recorded: nobody can say',
      row: { ...deletion, level: 'Metadata', request_uri: '/x?dryRun=All' },
      want: unjudgedWant,
    },
    {
      situation: 'a delete whose options were too large to be kept',
      row: { ...deletion, request_uri: '/x?dryRun=All', broken: 'oversize: the bodies are not kept' },
      want: unjudgedWant,
    },

    {
      situation: 'a collection with something in it',
      row: { ...collection, response_body: '{"items":[{}]}' },
      want: unjudgedWant,
    },
    {
      situation: 'a collection with nothing in it: there was nothing to ask',
      row: { ...collection, response_body: '{"items":[]}' },
      expectProxy: true,
      want: harmless,
    },
    {
      situation: 'a collection of which nothing was recorded',
      row: { ...collection, level: 'Metadata' },
      want: unjudgedWant,
    },

    {
      situation: 'a webhook configuration, of which admission is never asked',
      row: { ...unjudged, api_group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
      want: harmless,
    },
    {
      situation: 'kubectl auth can-i',
      row: {
        ...unjudged,
        verb: 'create',
        api_group: 'authorization.k8s.io',
        resource: 'selfsubjectaccessreviews',
        code: 201,
      },
      want: harmless,
    },
    {
      situation: 'a resource that is only called so',
      row: { ...unjudged, verb: 'create', api_group: 'example.com', resource: 'selfsubjectaccessreviews', code: 201 },
      want: unjudgedWant,
    },

    ...['exec', 'attach', 'portforward', 'proxy'].map((subresource) => ({
      situation: `pods/${subresource}, by a GET`,
      row: { ...unjudged, verb: 'get', api_group: '', resource: 'pods', subresource, code: 101 },
      want: unjudgedWant,
    })),
    {
      situation: 'a terminal that was judged',
      row: { ...judged, verb: 'get', api_group: '', resource: 'pods', subresource: 'exec', code: 101 },
      want: harmless,
    },
    {
      situation: 'a tunnel has no dry run',
      row: {
        ...unjudged,
        verb: 'create',
        api_group: '',
        resource: 'services',
        subresource: 'proxy',
        request_uri: '/x?dryRun=All',
      },
      want: unjudgedWant,
    },
    {
      situation: 'through the proxy, as the proxy tells of it: what the webhook said is not told to it',
      row: { ...unjudged, ...throughProxy, source: 'proxy' },
      want: harmless,
    },
    {
      situation: "a pod's log is a read",
      row: { ...unjudged, verb: 'get', api_group: '', resource: 'pods', subresource: 'log' },
      want: harmless,
    },
  ])('$situation', (row) => {
    expect(mark(row)).toEqual({ ...row.row, ...row.want });
  });
});

describe('not-through-proxy: judged, but neither masked nor recorded', () => {
  const want = { governed: true, bypass: 'not-through-proxy' };
  test.each<Row>([
    { situation: 'a direct write', row: judged, expectProxy: true, want },
    { situation: 'where nobody has to', row: judged, want: harmless },
    { situation: 'through the proxy', row: { ...judged, ...throughProxy }, expectProxy: true, want: harmless },
    { situation: 'a direct read', row: { ...judged, verb: 'get' }, expectProxy: true, want: harmless },
    {
      situation: 'a direct write that was held',
      row: { ...judged, code: 429, decision: 'hold' },
      expectProxy: true,
      want: harmless,
    },
    { situation: 'one that nobody judged either: the graver', row: unjudged, expectProxy: true, want: unjudgedWant },
    { situation: "somebody else's write", row: { ...judged, ...carol, decision: '' }, expectProxy: true, want: nobody },
    {
      situation: 'a webhook configuration: never judged, so the proxy is the only one to refuse it',
      row: { ...unjudged, api_group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
      expectProxy: true,
      want,
    },
    {
      situation: 'somebody else impersonates the agent, past the proxy',
      row: { ...judged, impersonator: 'carol' },
      authenticated: carol,
      expectProxy: true,
      want,
    },
  ])('$situation', (row) => {
    expect(mark(row)).toEqual({ ...row.row, ...row.want });
  });
});

describe('as-another-user: a governed user speaks as somebody whom nobody governs', () => {
  const asAccount = {
    ...unjudged,
    username: 'system:serviceaccount:prod:shop',
    groups: [],
    impersonator: 'coding-agent',
  };
  const want = { governed: false, bypass: 'as-another-user' };
  test.each<Row>([
    { situation: 'the agent as a service account', row: asAccount, authenticated: agent, want },
    {
      situation: 'the agent as another governed user, judged as that one',
      row: { ...judged, username: 'other-agent', impersonator: 'coding-agent' },
      authenticated: agent,
      want: { ...want, governed: true },
    },
    { situation: 'a read as somebody else', row: { ...asAccount, verb: 'list' }, authenticated: agent, want: nobody },
    { situation: 'a write that was refused', row: { ...asAccount, code: 403 }, authenticated: agent, want: nobody },
    {
      situation: 'a person as a service account',
      row: { ...asAccount, impersonator: 'carol' },
      authenticated: carol,
      want: nobody,
    },
    {
      situation: 'the agent as itself',
      row: { ...judged, impersonator: 'coding-agent' },
      authenticated: agent,
      want: harmless,
    },
    {
      situation: 'the proxy as the agent',
      row: { ...judged, ...throughProxy },
      authenticated: { username: proxy, groups: [] },
      want: harmless,
    },
    { situation: 'nobody knows who authenticated', row: asAccount, want: nobody },
    {
      situation: 'before there was a policy',
      row: { ...asAccount, event_time: '2026-05-04 09:00:00.000000' },
      authenticated: agent,
      want: nobody,
    },
  ])('$situation', (row) => {
    expect(mark(row)).toEqual({ ...row.row, ...row.want });
  });
});
