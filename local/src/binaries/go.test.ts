import { describe, expect, test } from '@jest/globals';
import { parseGoVersion } from './go.ts';

describe('parseGoVersion', () => {
  test.each([
    { situation: 'a release', text: 'go version go1.26.8 linux/amd64\n', want: { major: 1, minor: 26 } },
    { situation: 'a first release', text: 'go version go1.26 darwin/arm64', want: { major: 1, minor: 26 } },
    { situation: 'a release candidate', text: 'go version go1.27rc1 linux/amd64', want: { major: 1, minor: 27 } },
    { situation: 'an old one', text: 'go version go1.9.7 linux/amd64', want: { major: 1, minor: 9 } },
    { situation: 'a distributor’s', text: 'go version go1.26.2 X:nodwarf5 linux/amd64', want: { major: 1, minor: 26 } },
    { situation: 'a later major', text: 'go version go2.0.0 linux/amd64', want: { major: 2, minor: 0 } },
    { situation: 'a development build', text: 'go version devel +abc linux/amd64', want: undefined },
    { situation: 'gccgo, which has no go1.x', text: 'gcc version 14', want: undefined },
    { situation: 'nothing', text: '', want: undefined },
  ])('$situation', ({ text, want }) => {
    expect(parseGoVersion(text)).toEqual(want);
  });
});
