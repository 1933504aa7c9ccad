import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';
import { createAuditSink, type AuditSink } from '../../src/audit-sink.ts';
import { eventually } from '../../src/eventually.ts';

const judge = 'judge.holdpoint.dev';
const decide = 'decide.holdpoint.dev';
const proxy = 'system:serviceaccount:holdpoint-system:holdpoint-proxy';

interface Told {
  /** Time of day on 4 May 2026, a Monday. */
  at: string;
  who: string;
  session?: string;
  onBehalfOf?: string;
  /** Beside those that everybody is in. */
  groups?: readonly string[];
  verb: string;
  group?: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name: string;
  code?: number;
  annotations?: Record<string, string>;
  uri?: string;
  id?: string;
  body?: object;
}

/** A day with everything in it that the questions ask about. */
const day: readonly Told[] = [
  { at: '09:00:00', who: 'carol', verb: 'get', resource: 'secrets', namespace: 'prod', name: 'db' },
  { at: '10:00:00', who: 'agent', session: 's-1', verb: 'get', resource: 'secrets', namespace: 'prod', name: 'db' },
  {
    ...{ at: '10:01:00', who: 'agent', session: 's-1', verb: 'update', resource: 'configmaps', namespace: 'prod' },
    ...{ name: 'settings', annotations: judged('allow', 'small'), body: { data: { replicas: '3' } } },
  },
  {
    ...{ at: '10:02:00', who: 'agent', session: 's-1', verb: 'delete', group: 'apps', resource: 'deployments' },
    ...{ namespace: 'prod', name: 'shop', code: 429, annotations: judged('hold', 'production-writes', 'h-1') },
  },
  decided('10:03:30', 'alice', 'h-1', 'approve', 'seen the plan'),
  {
    ...{ at: '10:03:31', who: 'agent', session: 's-1', verb: 'delete', group: 'apps', resource: 'deployments' },
    ...{ namespace: 'prod', name: 'shop', annotations: judged('approved', 'production-writes', 'h-1') },
    groups: ['holdpoint:deployer'],
  },
  {
    ...{
      at: '10:04:00',
      who: 'agent',
      session: 's-1',
      verb: 'delete',
      resource: 'namespaces',
      name: 'prod',
      code: 403,
    },
    ...{ annotations: judged('deny', 'never-delete-namespaces') },
  },
  {
    ...{ at: '10:05:00', who: 'agent', session: 's-1', verb: 'create', resource: 'pods', subresource: 'exec' },
    ...{ namespace: 'prod', name: 'shop-0', code: 101, annotations: judged('allow', 'shells') },
    uri: '/api/v1/namespaces/prod/pods/shop-0/exec?command=sh&command=-c&command=ls+%2Ftmp&container=shop',
  },
  {
    ...{ at: '11:00:00', who: 'deployer', session: 's-2', verb: 'patch', group: 'apps', resource: 'deployments' },
    ...{ namespace: 'dev', name: 'web', annotations: { ...judged('allow', 'writes'), [`${judge}/grant`]: 'g-1' } },
  },
  {
    ...{ at: '12:00:00', who: 'agent', session: 's-3', onBehalfOf: 'bob', verb: 'create', resource: 'services' },
    ...{ namespace: 'prod', name: 'api', code: 429, annotations: judged('hold', 'production-writes', 'h-2') },
  },
  decided('12:05:00', 'bob', 'h-2', 'deny', 'not today'),
  {
    ...{ at: '13:00:00', who: 'agent', session: 's-3', verb: 'create', resource: 'services' },
    ...{ namespace: 'prod', name: 'late', code: 429, annotations: judged('hold', 'production-writes', 'h-3') },
  },
  {
    ...{ at: '22:30:00', who: 'agent', session: 's-1', verb: 'update', resource: 'configmaps', namespace: 'prod' },
    ...{ name: 'settings', annotations: judged('allow', 'small'), body: { data: { replicas: '5' } } },
  },
  {
    at: '14:00:00',
    who: 'mallory',
    verb: 'get',
    resource: 'pods',
    namespace: 'dev',
    name: 'x',
    id: 'twice',
    uri: '/one',
  },
  {
    at: '14:00:01',
    who: 'mallory',
    verb: 'get',
    resource: 'pods',
    namespace: 'dev',
    name: 'x',
    id: 'twice',
    uri: '/two',
  },
];

function judged(decision: string, rule: string, hold?: string): Record<string, string> {
  return {
    ...{ [`${judge}/decision`]: decision, [`${judge}/policy`]: 'agents', [`${judge}/rule`]: rule },
    ...(hold === undefined ? {} : { [`${judge}/hold`]: hold }),
  };
}

function decided(at: string, who: string, hold: string, verdict: string, reason: string): Told {
  const annotations = { [`${decide}/decision`]: verdict, [`${decide}/reason`]: reason };
  return { at, who, verb: 'patch', group: 'holdpoint.dev', resource: 'holds', name: hold, annotations };
}

function eventOf(told: Told, index: number): object {
  const { at, who, session, onBehalfOf, groups = [], verb, group, resource, subresource } = told;
  const { namespace = '', name, code = 200 } = told;
  const agent = {
    username: who,
    groups: ['system:authenticated', ...groups],
    extra: {
      ...(session === undefined ? {} : { 'holdpoint.dev/session': [session] }),
      ...(onBehalfOf === undefined ? {} : { 'holdpoint.dev/on-behalf-of': [onBehalfOf] }),
    },
  };
  return {
    ...{
      kind: 'Event',
      level: 'RequestResponse',
      auditID: told.id ?? `id-${String(index)}`,
      stage: 'ResponseComplete',
    },
    ...{ requestURI: told.uri ?? `/${resource}/${name}`, verb, sourceIPs: ['10.0.0.1'], userAgent: 'kubectl/v1.36.0' },
    ...(session === undefined ? { user: agent } : { user: { username: proxy, groups: [] }, impersonatedUser: agent }),
    objectRef: { apiVersion: 'v1', apiGroup: group, resource, subresource, namespace, name },
    responseStatus: { metadata: {}, code },
    ...(told.body === undefined
      ? {}
      : { requestObject: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, ...told.body } }),
    requestReceivedTimestamp: `2026-05-04T${at}.000000Z`,
    stageTimestamp: `2026-05-04T${at}.500000Z`,
    annotations: told.annotations ?? {},
  };
}

const page = readFileSync(inRepository('docs', 'howto', 'audit-queries.md'), 'utf8');
const questions = [...page.matchAll(/^### (.+)\n\n```sql\n([^]*?)```/gm)].map(([, title = '', sql = '']) => ({
  title,
  sql,
}));

/** What each question is answered, of that day; the columns that tell. */
const answers: Readonly<Record<string, { columns: string[]; rows: unknown[][] }>> = {
  'What did a session do, in order?': {
    columns: ['verb', 'resource', 'decision', 'approver', 'waited_seconds', 'code'],
    rows: [
      ['get', 'secrets', '', '', null, 200],
      ['update', 'configmaps', 'allow', '', null, 200],
      ['delete', 'deployments', 'hold', 'alice', 90, 429],
      ['delete', 'deployments', 'approved', 'alice', 90, 200],
      ['delete', 'namespaces', 'deny', '', null, 403],
      ['create', 'pods', 'allow', '', null, 101],
      ['update', 'configmaps', 'allow', '', null, 200],
    ],
  },
  'What did a session change?': {
    columns: ['verb', 'resource', 'name'],
    rows: [
      ['update', 'configmaps', 'settings'],
      ['delete', 'deployments', 'shop'],
      ['create', 'pods', 'shop-0'],
      ['update', 'configmaps', 'settings'],
    ],
  },
  'Which sessions touched a namespace?': {
    columns: ['session', 'username', 'requests', 'writes'],
    rows: [
      ['s-1', 'agent', 7, 6],
      ['s-3', 'agent', 2, 2],
    ],
  },
  "A user's whole day": { columns: ['verb', 'resource', 'name'], rows: [['get', 'secrets', 'db']] },
  'Which agents do most, and how often are they refused?': {
    columns: ['username', 'requests', 'writes', 'holds', 'denied'],
    rows: [
      ['agent', 9, 8, 3, 1],
      ['deployer', 1, 1, 0, 0],
    ],
  },
  'Who was asked in whose name?': { columns: ['on_behalf_of', 'username', 'requests'], rows: [['bob', 'agent', 1]] },
  'What happened outside of working hours?': {
    columns: ['event_time', 'name'],
    rows: [['2026-05-04 22:30:00.000000', 'settings']],
  },
  'Who approved what, and how long was the wait?': {
    columns: ['hold', 'name', 'approver', 'verdict', 'reason', 'waited_seconds', 'used'],
    rows: [
      ['h-1', 'shop', 'alice', 'approve', 'seen the plan', 90, 1],
      ['h-2', 'api', 'bob', 'deny', 'not today', 300, 0],
    ],
  },
  'Which approver is quick, and which is slow?': {
    columns: ['approver', 'decisions', 'denials', 'median_seconds'],
    rows: [
      ['alice', 1, 0, 90],
      ['bob', 1, 1, 300],
    ],
  },
  'Which holds has nobody answered?': { columns: ['hold', 'name', 'requests'], rows: [['h-3', 'late', 1]] },
  'Refused attempts, by rule': {
    columns: ['rule', 'username', 'attempts'],
    rows: [['never-delete-namespaces', 'agent', 1]],
  },
  'Did anybody approve what was asked for in their own name?': {
    columns: ['hold', 'on_behalf_of', 'approvers'],
    rows: [['h-2', 'bob', ['bob']]],
  },
  'What passed by a grant?': { columns: ['grant_name', 'username', 'requests'], rows: [['g-1', 'deployer', 1]] },
  'What was done with a lent permission?': {
    columns: ['username', 'lent', 'verb', 'name', 'decision', 'hold', 'code'],
    rows: [['agent', ['holdpoint:deployer'], 'delete', 'shop', 'approved', 'h-1', 200]],
  },
  'Who changed one object, and to what?': {
    columns: ['username', 'session', 'data'],
    rows: [
      ['agent', 's-1', '{"replicas":"3"}'],
      ['agent', 's-1', '{"replicas":"5"}'],
    ],
  },
  'Who read a Secret?': {
    columns: ['username', 'via_proxy'],
    rows: [
      ['carol', false],
      ['agent', true],
    ],
  },
  'Which commands ran in containers?': {
    columns: ['pod', 'container', 'command', 'decision'],
    rows: [['shop-0', 'shop', ['sh', '-c', 'ls /tmp'], 'allow']],
  },
  // Told by what the sink knows of policies: without a cluster it knows of none.
  'What went past us?': { columns: ['bypass'], rows: [] },
  'Does one request hide behind the id of another?': {
    columns: ['audit_id', 'events', 'usernames'],
    rows: [['twice', 2, ['mallory']]],
  },
  'Are there gaps in the chain?': { columns: ['first', 'missing'], rows: [[1, 0]] },
  'Of which events was only a stub kept?': {
    columns: ['broken'],
    rows: [['broken: stage: expected a string, got number']],
  },
};

describe('docs/howto/audit-queries.md', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
    const items = [...day.map(eventOf), { auditID: 'stub', stage: 5 }];
    const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items };
    expect(await sink.post('/audit', JSON.stringify(list))).toMatchObject({ code: 200 });
    await eventually('they are stored', async () =>
      (await sink.sql('SELECT count() FROM audit_events')) === String(items.length) ? true : undefined,
    );
  }, 60_000);
  afterAll(() => sink?.close());

  test('asks at least fifteen questions', () => {
    expect(questions.length).toBeGreaterThanOrEqual(15);
  });

  test.each(questions)('$title', async ({ title, sql }) => {
    const want = answers[title];
    const { columns = [], rows = [] } = want ?? {};
    const lines = (await sink.sql(`${sql} FORMAT JSONEachRow`)).split('\n').filter((line) => line !== '');
    const got = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(got.map((row) => columns.map((column) => row[column]))).toEqual(rows);
    expect(want).toBeDefined();
  });

  test.each([
    {
      view: 'sessions',
      filter: "username = 'agent' AND has(decisions, 'deny') AND has(resources, 'namespaces')",
      want: 1,
    },
    { view: 'sessions', filter: "started_at < '2026-05-04 10:30:00' AND session = 's-1'", want: 1 },
    { view: 'timeline', filter: "hold = 'h-1'", want: 2 },
    { view: 'approvals', filter: "approver = 'alice'", want: 1 },
    { view: 'decisions', filter: "decision = 'hold'", want: 3 },
    { view: 'audit_id_collisions', filter: "audit_id = 'id-1'", want: 0 },
  ])('$view where $filter', async ({ view, filter, want }) => {
    expect(await sink.sql(`SELECT count() FROM ${view} WHERE ${filter}`)).toBe(String(want));
  });
});
