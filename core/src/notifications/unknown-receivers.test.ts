import { describe, expect, test } from '@jest/globals';
import type { NotifySettings } from '../policy/access-policy.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { unknownReceivers } from './unknown-receivers.ts';

describe('unknownReceivers', () => {
  test.each<{ situation: string; notify?: NotifySettings[]; names: string[]; want: [string, string][] }>([
    { situation: 'a policy that tells nobody', names: [], want: [] },
    { situation: 'one that is known', notify: [{ receiver: 'chat' }], names: ['chat'], want: [] },
    {
      situation: 'the second is unknown',
      notify: [{ receiver: 'chat' }, { receiver: 'pager', phases: ['Denied'] }],
      names: ['chat', 'mail'],
      want: [['spec.notify[1].receiver', '"pager" is no receiver in the webhook\'s receivers file; known: chat, mail']],
    },
    {
      situation: 'no receivers are configured',
      notify: [{ receiver: 'chat' }],
      names: [],
      want: [['spec.notify[0].receiver', '"chat" is no receiver in the webhook\'s receivers file; there is none']],
    },
  ])('$situation', ({ notify, names, want }) => {
    const compiled = compilePolicy({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'p' },
      spec: { subjects: [{ kind: 'Group', name: 'agents' }], ...(notify === undefined ? {} : { notify }) },
    });
    if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
    expect(unknownReceivers(compiled.policy, names)).toEqual(want.map(([path, message]) => ({ path, message })));
  });
});
