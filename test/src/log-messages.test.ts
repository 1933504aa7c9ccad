import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';

const services = ['platform', 'webhook', 'proxy', 'auditsink'];

/** Every source file of a service, its tests aside. */
function sourcesOf(service: string): string[] {
  const folder = inRepository(service, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

/** The text of each call of a logger, from its name to the parenthesis that closes it. */
function loggerCalls(source: string): string[] {
  return [...source.matchAll(/\blogger\.(?:debug|info|warn|error)\(/g)].map((match) => {
    let depth = 1;
    let end = match.index + match[0].length;
    for (; depth > 0 && end < source.length; end += 1) {
      if (source[end] === '(') depth += 1;
      if (source[end] === ')') depth -= 1;
    }
    return source.slice(match.index, end).replaceAll(/\s+/g, ' ');
  });
}

/** Fields first, then a message of letters alone: one that could be searched for, counted, and told apart. */
const constantMessage = /, '[^'$]+',? ?\)$/;

describe('log messages are constants; what varies goes into fields', () => {
  test.each(services)('%s', (service) => {
    const calls = sourcesOf(service).flatMap((file) => loggerCalls(readFileSync(file, 'utf8')));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => !constantMessage.test(call))).toEqual([]);
  });

  test.each([
    { call: "logger.info({ port }, 'webhook serving')", want: true },
    { call: 'logger.info({}, `hold ${name} created`)', want: false },
    { call: "logger.warn({ err }, 'failed: ' + text)", want: false },
    { call: 'logger.error({ err }, message)', want: false },
    { call: "logger.error({ a: f('x') })", want: false },
  ])('$call: $want', ({ call, want }) => {
    expect(loggerCalls(call).every((each) => constantMessage.test(each))).toBe(want);
  });
});
