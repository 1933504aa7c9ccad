import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { matchesResourceRule, type Operation, type ResourceRule, type RuleTarget } from '@holdpoint/core';
import { startStack, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createCaller, type Answer, type Caller } from '../src/matrix/caller.ts';
import { startCountingWebhook, type CountingWebhook } from '../src/matrix/counting-webhook.ts';
import { exemptionOf, isAskedOfEverybody } from '../src/matrix/exemptions.ts';
import { nameOfRow, operationOf, rowsOf, sendRow, type RequestContext, type Row } from '../src/matrix/requests.ts';
import { marker, namespace, setUpMatrix } from '../src/matrix/set-up.ts';

/** A rule each, to hold core's matching against the API server's own. The first is for everything. */
const rules: ResourceRule[] = [
  { apiGroups: ['*'], resources: ['*/*'], operations: ['*'] },
  { apiGroups: ['*'], resources: ['*'], operations: ['*'] },
  { apiGroups: [''], resources: ['pods/*'], operations: ['*'] },
  { apiGroups: ['*'], resources: ['*/scale'], operations: ['UPDATE'] },
  { apiGroups: ['*'], resources: ['*/*'], operations: ['*'], scope: 'Cluster' },
  { apiGroups: ['*'], resources: ['*/*'], operations: ['*'], scope: 'Namespaced' },
  { apiGroups: ['', 'apps'], resources: ['deployments', 'pods/exec', 'namespaces'], operations: ['CREATE', 'CONNECT'] },
  { apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['*'], operations: ['DELETE'] },
];

/** As many as one caller has connections. */
const workers = 8;

/** What is judged, and what is not: every write that the API server serves, asked for by an agent and by a person. */
describe('the admission matrix', () => {
  let stack: Stack;
  let counting: CountingWebhook;
  let context: RequestContext;
  let rows: Row[];
  const callers = new Map<'admin' | 'governed' | 'person' | 'approver' | 'proxied', Caller>();
  const caller = (who: 'admin' | 'governed' | 'person' | 'approver' | 'proxied'): Caller => {
    const found = callers.get(who);
    if (found === undefined) throw new Error(`nobody calls as ${who}`);
    return found;
  };
  beforeAll(async () => {
    stack = await startStack({ services: ['webhook', 'proxy'] });
    const api = stack.urls.apiServer;
    const governed = { token: await stack.token('agent') };
    callers.set('admin', createCaller(api, stack.caFile, stack.files.admin));
    callers.set('governed', createCaller(api, stack.caFile, governed));
    callers.set('person', createCaller(api, stack.caFile, { token: await stack.token('person') }));
    callers.set('approver', createCaller(api, stack.caFile, { token: await stack.token('approver') }));
    callers.set('proxied', createCaller(stack.service('proxy').url, stack.caFile, governed));
    const everybody = {
      ...{ admin: caller('admin'), governed: caller('governed') },
      ...{ person: caller('person'), approver: caller('approver') },
    };
    const made = await setUpMatrix(everybody, { namespace, caPem: stack.files.caPem });
    context = made.context;
    rows = made.served.flatMap(rowsOf);
    counting = await startCountingWebhook(rules, { ...stack.files.services, ca: stack.caFile });
  }, 240_000);
  afterAll(async () => {
    for (const each of callers.values()) each.close();
    await counting?.close();
    await stack?.close();
  }, 60_000);

  /**
   * What the API server answers for a row that is served by the word of discovery alone: a strategic patch of a custom resource
   * (415: that needs what built-in types say about their lists), an apply to its scale (500: it converts no Scale).
   */
  const unservedCode = ({ served: { group, subresource }, how }: Row): number | undefined => {
    if (!['matrix.test', 'holdpoint.dev'].includes(group)) return undefined;
    if (how === 'strategic') return 415;
    return how === 'apply' && subresource === 'scale' ? 500 : undefined;
  };
  const isServed = (row: Row): boolean => unservedCode(row) === undefined;
  /** Sends all rows, and tells what is wrong with the answers. */
  const walk = async (
    some: readonly Row[],
    send: (row: Row) => Promise<Answer>,
    problemOf: (row: Row, answer: Answer) => string | undefined,
  ): Promise<string[]> => {
    const left = [...some];
    const problems: string[] = [];
    const work = async (): Promise<void> => {
      for (let row = left.shift(); row !== undefined; row = left.shift()) {
        const answer = await send(row).catch((error: unknown) => ({ code: 0, text: String(error), warnings: '' }));
        const problem = problemOf(row, answer);
        if (problem !== undefined) {
          problems.push(`${nameOfRow(row)}: ${problem}: ${String(answer.code)} ${answer.text.slice(0, 400)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    return problems.sort();
  };
  const isOurs = ({ code, text, warnings }: Answer): boolean =>
    /holdpoint|matrix-marker|failed calling webhook/.test(code < 300 ? warnings : text);

  test('of a governed subject every write is judged, save what is exempt', async () => {
    const problems = await walk(
      rows,
      (row) => sendRow(row, caller('governed'), context, { dryRun: exemptionOf(row)?.isAsked === false }),
      (row, { code, text }) => {
        if (!isServed(row)) return code === unservedCode(row) ? undefined : 'a patch that is not served';
        if (exemptionOf(row) !== undefined) return code < 300 ? undefined : 'exempt, and did not pass';
        if (code !== 403) return 'not refused';
        // Of our own objects it is told more.
        const isRefused =
          row.served.group === 'holdpoint.dev' ? /holdpoint\.dev\\" denied/.test(text) : text.includes(marker);
        return isRefused ? undefined : 'refused, but not by us';
      },
    );
    expect(problems).toEqual([]);
  }, 240_000);

  test('through the proxy, what reaches no webhook is refused, or passes because it writes nothing', async () => {
    const unseen = rows.filter((row) => exemptionOf(row)?.isAsked === false);
    const problems = await walk(
      unseen.filter(isServed),
      (row) => sendRow(row, caller('proxied'), context, { dryRun: true }),
      (row, { code, text }) => {
        const isRefused = code === 403 && text.includes('pass by no admission webhook');
        return isRefused === (exemptionOf(row)?.throughProxy === 'refused') ? undefined : 'not as it should be';
      },
    );
    expect(problems).toEqual([]);
    expect(unseen.length).toBeGreaterThan(0);
  }, 120_000);

  test('of a person nothing is asked: every write answers as always, with the webhook stopped', async () => {
    await stack.service('webhook').stop();
    const made = await caller('admin').send(
      'POST',
      '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      counting.configuration('carol'),
    );
    expect(made.code).toBe(201);
    await eventually('the counting webhook is asked', async () => {
      const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'probe-' } };
      await caller('person').send('POST', `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`, probe);
      return rules.length > 0 && counting.askedBy(0).length > 0 ? true : undefined;
    });
    const problems = await walk(
      rows,
      (row) => sendRow(row, caller('person'), context, { dryRun: true }),
      (row, answer) => {
        const { code } = answer;
        if (!isServed(row)) return code === unservedCode(row) ? undefined : 'a patch that is not served';
        if (isAskedOfEverybody(row.served, operationOf(row))) {
          return code === 500 && answer.text.includes('failed calling webhook') ? undefined : 'asked of nobody';
        }
        if (isOurs(answer)) return 'a person was told of us';
        // There is nothing behind a connection here: the API server says so, after admission.
        const isAnswered = row.verb === 'connect' ? code === 400 || code === 503 : code < 300;
        return isAnswered ? undefined : 'not answered as always';
      },
    );
    expect(problems).toEqual([]);
  }, 240_000);

  test('the rows that the API server asks a webhook about are those that are judged here', () => {
    const asked = new Set(counting.askedBy(0).map(resourceOf));
    const judged = new Set<string>();
    const exempt = new Set<string>();
    for (const row of rows) {
      const exemption = exemptionOf(row);
      // Our own webhook was down: it was asked first, and nobody else after it.
      if (!isServed(row) || isAskedOfEverybody(row.served, operationOf(row))) continue;
      const isAsked = exemption === undefined || exemption.isAsked;
      (isAsked ? judged : exempt).add(resourceOf(targetOf(row)));
    }
    expect([...judged].filter((each) => !asked.has(each))).toEqual([]);
    expect([...exempt].filter((each) => asked.has(each))).toEqual([]);
    const count = (operation: Operation): number => rows.filter((row) => operationOf(row) === operation).length;
    const counts = (['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const).map((each) => `${each} ${String(count(each))}`);
    process.stdout.write(
      `admission matrix: ${String(rows.length)} rows (${counts.join(', ')}); resource × operation: ` +
        `${String(judged.size)} judged, ${String(exempt.size)} exempt\n`,
    );
  });

  test.each(rules.map((rule, i) => ({ rule, i, pattern: JSON.stringify(rule) })))(
    'core matches as the API server does: $pattern',
    ({ rule, i }) => {
      const all = counting.askedBy(0);
      const wanted = new Set(all.filter((target) => matchesResourceRule(rule, target)).map(resourceOf));
      expect(new Set(counting.askedBy(i).map(resourceOf))).toEqual(wanted);
      expect(wanted.size).toBeGreaterThan(0);
    },
  );

  function targetOf(row: Row): RuleTarget {
    const { group, version, resource, subresource } = row.served;
    return {
      operation: operationOf(row),
      resource: { group, version, resource },
      subresource,
      namespace: '',
      name: '',
    };
  }

  function resourceOf({ operation, resource: { group, version, resource }, subresource }: RuleTarget): string {
    return `${operation} ${group}/${version} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
  }
});
