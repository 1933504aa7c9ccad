import { expect, test } from '@jest/globals';
import { parseMachineUsage, parseUsage } from './process-usage.ts';

// As the kernel writes them: after the command 11 fields, then user and system time in hundredths of a second.
const statOf = (command: string): string =>
  `4711 (${command}) S 1 4711 4711 0 -1 4194560 9000 0 0 0 250 50 0 0 20 0 11 0 100 1000 2000 18446744073709551615`;
const status = 'Name:\tnode\nVmPeak:\t 2000 kB\nVmHWM:\t    1536 kB\nVmRSS:\t    1024 kB\nThreads:\t11\n';

test.each([
  { situation: 'a process', command: 'node' },
  { situation: 'one that calls itself like a line of its own', command: 'a) S 9 (b 1 2' },
])('parseUsage: $situation', ({ command }) => {
  expect(parseUsage(statOf(command), status)).toEqual({ cpuMs: 3_000, rssBytes: 1_048_576, peakRssBytes: 1_572_864 });
});

test('parseMachineUsage: all but idle and waiting is busy, and a guest is not counted twice', () => {
  const stat = 'cpu  10 20 30 400 50 1 2 3 9 9\ncpu0 5 10 15 200 25 0 1 1 9 9\nintr 1\n';
  expect(parseMachineUsage(stat)).toEqual({ totalMs: 5_160, busyMs: 660 });
});
