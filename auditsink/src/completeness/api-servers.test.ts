import { describe, expect, test } from '@jest/globals';
import { apiServersOf } from './api-servers.ts';

const own = 'https://10.96.0.1:443';

describe('apiServersOf', () => {
  test.each([
    { situation: 'none', flag: 'none', want: [] },
    { situation: "the kubeconfig's", flag: 'kubernetes', want: [{ name: '10.96.0.1', url: 'https://10.96.0.1' }] },
    {
      situation: 'several, with blanks and a slash',
      flag: 'https://10.0.0.1:6443, https://[fd00::2]:6443/',
      want: [
        { name: '10.0.0.1:6443', url: 'https://10.0.0.1:6443' },
        { name: '[fd00::2]:6443', url: 'https://[fd00::2]:6443' },
      ],
    },
    {
      situation: 'behind a prefix',
      flag: 'https://rancher/k8s/clusters/c-1/',
      want: [{ name: 'rancher', url: 'https://rancher/k8s/clusters/c-1' }],
    },
  ])('$situation', ({ flag, want }) => {
    expect(apiServersOf(flag, own)).toEqual(want);
  });

  test.each([
    { situation: 'in the clear', flag: 'http://10.0.0.1:6443', want: '"http://10.0.0.1:6443" is neither' },
    { situation: 'a host alone', flag: '10.0.0.1:6443', want: '"10.0.0.1:6443" is neither' },
    { situation: 'a misspelt word', flag: 'kuberntes', want: '"kuberntes" is neither' },
    { situation: 'nothing', flag: '', want: '"" is neither' },
    { situation: 'a comma too much', flag: 'https://a,', want: '"" is neither' },
    { situation: 'a password in the URL', flag: 'https://me:secret@a', want: 'is neither' },
    { situation: 'one twice', flag: 'https://a,https://a:443', want: 'a is named twice' },
  ])('$situation is refused', ({ flag, want }) => {
    expect(() => apiServersOf(flag, own)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining(want) }),
    );
  });

  test('a kubeconfig whose API server speaks in the clear is refused too', () => {
    expect(() => apiServersOf('kubernetes', 'http://127.0.0.1:8001')).toThrow(/--apiserver-metrics/);
  });
});
