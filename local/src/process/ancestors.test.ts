import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { isRunning, npmAncestors } from './ancestors.ts';

describe('isRunning', () => {
  test.each([
    { situation: 'we', pid: process.pid, want: true },
    { situation: 'somebody else’s process', pid: 1, want: true },
    { situation: 'one that has ended', pid: spawnSync('true').pid, want: false },
  ])('$situation: $want', ({ pid, want }) => {
    expect(isRunning(pid)).toBe(want);
  });
});

test('npmAncestors: only what is above us, and all of it runs', () => {
  const found = npmAncestors();
  expect(found).not.toContain(process.pid);
  expect(found.every(isRunning)).toBe(true);
});
