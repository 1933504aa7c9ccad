import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Hold } from '../holds/hold.ts';
import type { NotifiedPhase } from '../policy/access-policy.ts';
import { deliveryIdOf } from './delivery-id.ts';
import { eventNameOf, phasesWithEvent, toHoldEvent } from './hold-event.ts';
import { toHoldNotification } from './hold-notification.ts';
import { plainText } from './plain-text.ts';
import { signatureOf } from './signature.ts';
import { toSlackMessage } from './slack-message.ts';

const hold: Hold = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Hold',
  metadata: { name: 'h-nana-nana', uid: 'u-1', creationTimestamp: '2026-01-01T10:00:00Z' },
  spec: {
    subject: { username: 'coding-agent', groups: ['ai-agents'], session: 's-1', command: 'kubectl apply' },
    request: {
      operation: 'UPDATE',
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      kind: 'Deployment',
      subresource: 'scale',
      namespace: 'prod',
      name: 'web',
    },
    digest: `hmac-sha256:${'a'.repeat(64)}`,
    change: { type: 'Update', patch: [{ op: 'replace', path: '/spec/replicas', value: 50, oldValue: 3 }] },
    before: { spec: { replicas: 3 } },
    policy: 'coding-agents',
    rule: 'production-writes',
    message: 'Production changes are approved by an SRE.',
    approvers: [{ kind: 'Group', name: 'sre' }],
    minApprovals: 1,
    expiresAt: '2026-01-01T11:00:00.000Z',
    useWithinSeconds: 600,
    pauseForSeconds: 60,
  },
  status: { phase: 'Pending', decisions: [] },
};
const atMs = Date.parse('2026-01-01T10:00:00Z');
const notice = (more: Partial<Hold['spec']> = {}, phase: NotifiedPhase = 'Pending') =>
  toHoldNotification({ hold: { ...hold, spec: { ...hold.spec, ...more } }, phase, atMs, id: 'id-1' });
const yes = { by: 'alice', verdict: 'approve', at: '2026-01-01T10:01:00.000Z' } as const;
const denied: Hold = {
  ...hold,
  status: {
    phase: 'Denied',
    decisions: [{ by: 'bob', verdict: 'deny', reason: 'Not on a Friday.', at: '2026-01-01T10:02:00.000Z' }],
  },
};

describe('toHoldNotification', () => {
  test('a pending hold: who wants what, who may decide, and not the change', () => {
    expect(notice()).toEqual({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'HoldNotification',
      id: 'id-1',
      phase: 'Pending',
      at: '2026-01-01T10:00:00.000Z',
      show: 'approvals show h-nana-nana',
      hold: {
        name: 'h-nana-nana',
        uid: 'u-1',
        subject: { username: 'coding-agent', groups: ['ai-agents'], session: 's-1', command: 'kubectl apply' },
        request: {
          operation: 'UPDATE',
          resource: { group: 'apps', version: 'v1', resource: 'deployments' },
          kind: 'Deployment',
          subresource: 'scale',
          namespace: 'prod',
          name: 'web',
        },
        policy: 'coding-agents',
        rule: 'production-writes',
        message: 'Production changes are approved by an SRE.',
        approvers: [{ kind: 'Group', name: 'sre' }],
        minApprovals: 1,
        expiresAt: '2026-01-01T11:00:00.000Z',
        decisions: [],
      },
    });
  });

  test('a denied one: the decision with its reason', () => {
    expect(toHoldNotification({ hold: denied, phase: 'Denied', atMs, id: 'id-1' }).hold.decisions).toEqual(
      denied.status?.decisions,
    );
  });

  test('every text as long as an agent can make it: bounded', () => {
    const long = '\u{1F600}'.repeat(100_000);
    const many = Array.from({ length: 1_000 }, () => long);
    const request = { ...hold.spec.request, kind: long, subresource: long, namespace: long, name: long };
    const subject = { username: long, groups: many, session: long, onBehalfOf: long, command: long };
    const approvers = many.map((name) => ({ kind: 'User', name }) as const);
    const decisions = many.map((by) => ({ ...yes, by, reason: long }));
    const huge: Hold = {
      ...hold,
      spec: { ...hold.spec, request, subject, approvers, policy: long, rule: long, message: long },
      status: { phase: 'Approved', decisions },
    };
    const body = toHoldNotification({ hold: huge, phase: 'Approved', atMs, id: 'id-1' });
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(65_536);
    expect(Buffer.byteLength(JSON.stringify(toSlackMessage(body)))).toBeLessThan(20_000);
    expect(toHoldEvent(huge, { phase: 'Pending', atMs }).message.length).toBeLessThanOrEqual(1_024);
  });
});

describe('toSlackMessage', () => {
  const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });
  test('a pending hold, whole', () => {
    const sentence =
      'coding-agent asks to UPDATE deployments.apps/scale prod/web: hold h-nana-nana waits for an approval of Group sre';
    expect(toSlackMessage(notice())).toEqual({
      text: sentence,
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        { type: 'section', block_id: 'id-1', text: plain(sentence) },
        {
          type: 'section',
          fields: [
            'Phase: Pending',
            'Subject: coding-agent',
            'Request: UPDATE deployments.apps/scale prod/web',
            'Command: kubectl apply',
            'Rule: coding-agents/production-writes',
            'Message: Production changes are approved by an SRE.',
            'Needs: an approval of Group sre',
            'Expires: 2026-01-01T11:00:00.000Z',
          ].map(plain),
        },
        { type: 'context', elements: [plain('See the change and decide: approvals show h-nana-nana')] },
      ],
    });
  });

  const command = (text: string): string => {
    const message = toSlackMessage(notice({ subject: { username: 'a', groups: [], command: text } }));
    const fields = message.blocks.flatMap((block) => ('fields' in block ? block.fields : []));
    return fields.find((field) => field.text.startsWith('Command: '))?.text.slice('Command: '.length) ?? '';
  };
  test.each([
    { situation: 'a call to the whole channel', text: '<!channel> now', want: '&lt;!channel&gt; now' },
    { situation: 'a link with another name', text: '<https://evil|docs>', want: '&lt;https://evil|docs&gt;' },
    { situation: 'an entity that would become one', text: '&lt;!here&gt;', want: '&amp;lt;!here&amp;gt;' },
    {
      situation: 'a mention where it would be read in plain text',
      text: '@here (@all)',
      want: '@\u2060here (@\u2060all)',
    },
    { situation: 'an address, which calls nobody', text: 'a@example.com', want: 'a@example.com' },
    { situation: 'a Markdown link', text: '[docs](https://evil)', want: '[docs]\u2060(https://evil)' },
    { situation: 'a line of its own, and control characters', text: 'a\r\nb\u001b[2Jc', want: 'a  b [2Jc' },
    { situation: 'text turned round', text: 'a\u202eb\u2066c', want: 'a b c' },
  ])('$situation: shown, and not obeyed', ({ text, want }) => {
    expect(command(text)).toBe(want);
  });

  test('a mention in a name: not obeyed in the fallback text either', () => {
    const { text } = toSlackMessage(notice({ subject: { username: '<@U1> @here', groups: [] } }));
    expect(text).toMatch(/^&lt;@\u2060U1&gt; @\u2060here asks to /);
  });
});

describe('plainText', () => {
  test.each([
    { situation: 'short: as it is', text: 'naïve ✓', max: 10, want: 'naïve ✓' },
    { situation: 'as long as it may be', text: 'abc', max: 3, want: 'abc' },
    { situation: 'longer: cut, and it shows', text: 'abcd', max: 3, want: 'ab…' },
    { situation: 'a surrogate pair that the cut goes through', text: '\u{1F600}\u{1F600}', max: 2, want: '…' },
    { situation: 'half a pair', text: 'a\ud83db', max: 9, want: 'a b' },
    { situation: 'line and paragraph separators', text: 'a\u2028b\u2029c', max: 9, want: 'a b c' },
  ])('$situation', ({ text, max, want }) => {
    expect(plainText(text, max)).toBe(want);
  });
});

describe('deliveryIdOf', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  test('the same for the same, another for another hold, phase or receiver', () => {
    const other: Hold = { ...hold, metadata: { ...hold.metadata, uid: 'u-2' } };
    const ids = [
      deliveryIdOf(hold, 'Pending', 'chat', sha256),
      deliveryIdOf(denied, 'Pending', 'chat', sha256),
      deliveryIdOf(other, 'Pending', 'chat', sha256),
      deliveryIdOf(hold, 'Denied', 'chat', sha256),
      deliveryIdOf(hold, 'Pending', 'pager', sha256),
    ];
    expect(ids[0]).toBe(sha256('["u-1","Pending","chat"]').slice(0, 32));
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
  });
});

describe('signatureOf', () => {
  test('the time and an HMAC over both', () => {
    const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');
    // printf '1767261600.{}' | openssl dgst -sha256 -hmac key
    expect(signatureOf('{}', 1_767_261_600, hmac)).toBe(
      't=1767261600,v1=e7d2c4547c884f8e13f52c9abd81c8e44cdda6bd690ed378ff15b093a4a86c3d',
    );
  });
});

describe('toHoldEvent', () => {
  test('a held request, whole', () => {
    expect(toHoldEvent(hold, { phase: 'Pending', atMs })).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'h-nana-nana.held.u-1', namespace: 'default' },
      involvedObject: { apiVersion: 'holdpoint.dev/v1alpha1', kind: 'Hold', name: 'h-nana-nana', uid: 'u-1' },
      reason: 'Held',
      message:
        'coding-agent asks to UPDATE deployments.apps/scale prod/web: hold h-nana-nana waits for an approval of Group sre',
      type: 'Normal',
      source: { component: 'holdpoint-webhook' },
      reportingComponent: 'holdpoint-webhook',
      reportingInstance: 'holdpoint-webhook',
      firstTimestamp: '2026-01-01T10:00:00.000Z',
      lastTimestamp: '2026-01-01T10:00:00.000Z',
      count: 1,
    });
  });

  const approved: Hold = {
    ...hold,
    spec: { ...hold.spec, minApprovals: 2 },
    status: { phase: 'Approved', decisions: [yes, { ...yes, by: 'carol' }], useBefore: '2026-01-01T10:11:00.000Z' },
  };
  const request = 'UPDATE deployments.apps/scale prod/web';
  test.each<{ phase: NotifiedPhase; of: Hold; want: [string, string, string] }>([
    {
      phase: 'Pending',
      of: approved,
      want: ['Held', 'Normal', `coding-agent asks to ${request}: hold h-nana-nana waits for 2 approvals of Group sre`],
    },
    {
      phase: 'Approved',
      of: approved,
      want: ['Approved', 'Normal', `hold h-nana-nana was approved by alice, carol: coding-agent may ${request}, once`],
    },
    {
      phase: 'Denied',
      of: denied,
      want: ['Denied', 'Warning', `hold h-nana-nana was denied by bob: coding-agent may not ${request}`],
    },
    { phase: 'Used', of: approved, want: ['Used', 'Normal', `hold h-nana-nana was used: coding-agent did ${request}`] },
    {
      phase: 'Expired',
      of: hold,
      want: ['Expired', 'Warning', `hold h-nana-nana expired: nobody answered whether coding-agent may ${request}`],
    },
    {
      phase: 'Lapsed',
      of: approved,
      want: [
        'Lapsed',
        'Warning',
        `hold h-nana-nana lapsed: coding-agent was allowed to ${request}, and did not in time`,
      ],
    },
  ])('$phase', ({ phase, of, want }) => {
    const { reason, type, message, metadata } = toHoldEvent(of, { phase, atMs });
    expect([reason, type, message]).toEqual(want);
    expect(metadata.name).toBe(eventNameOf(of, phase));
  });

  test('a cluster-scoped object of the core group, created with generateName: named by what it has', () => {
    const resource = { group: '', version: 'v1', resource: 'namespaces' };
    const bare = {
      ...hold,
      spec: { ...hold.spec, request: { operation: 'CREATE', resource, kind: 'Namespace' } },
    } as Hold;
    expect(toHoldEvent(bare, { phase: 'Used', atMs }).message).toBe(
      'hold h-nana-nana was used: coding-agent did CREATE namespaces',
    );
  });

  test.each([
    { situation: 'just reached: told', nowMs: atMs + 599_999, want: ['Pending'] },
    { situation: 'reached ten minutes ago: told no more', nowMs: atMs + 600_000, want: [] },
  ])('$situation', ({ nowMs, want }) => {
    expect(phasesWithEvent(hold, nowMs).map(({ phase }) => phase)).toEqual(want);
  });
});
