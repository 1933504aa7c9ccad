import { parseArgs } from 'node:util';
import { HoldpointError, messageOf, parseDurationSeconds } from '@holdpoint/core';

export interface Flag {
  /** One line for --help. */
  description: string;
  /** Without a default the flag is required. */
  default?: string;
  /** Takes no value: `true` where it stands, else `false`. */
  isSwitch?: true;
}

/**
 * Reads `--name value` flags by a table. Throws ERR_CONFIG_INVALID naming the flag for one that is unknown, missing or
 * without a value.
 *
 * @param argv as process.argv.slice(2)
 */
export function parseFlags<Name extends string>(argv: string[], table: Record<Name, Flag>): Record<Name, string> {
  const names = Object.keys(table) as Name[];
  const options = Object.fromEntries(
    names.map((name) => [name, { type: table[name].isSwitch === true ? ('boolean' as const) : ('string' as const) }]),
  );
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: argv, options, strict: true, allowPositionals: false }));
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${messageOf(cause)}\n${usageOf(table)}`, { cause });
  }
  const flags = names.map((name) => {
    const given = values[name] ?? table[name].default;
    const value = table[name].isSwitch === true ? String(given ?? false) : given;
    if (typeof value !== 'string') {
      throw new HoldpointError('ERR_CONFIG_INVALID', `--${name} is required: ${table[name].description}`);
    }
    return [name, value];
  });
  return Object.fromEntries(flags) as Record<Name, string>;
}

/**
 * Reads a flag's value as a duration, in milliseconds: `90s`, `10m`, and `0s`.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function durationFlag(name: string, text: string): number {
  const seconds = text === '0s' ? 0 : parseDurationSeconds(text);
  if (seconds === undefined) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--${name}: "${text}" is not a duration such as 0s, 5s or 1m`);
  }
  return seconds * 1_000;
}

/**
 * Reads a flag's value as a whole number, 1 or more.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function countFlag(name: string, text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--${name}: "${text}" is not a whole number above 0`);
  }
  return count;
}

function usageOf(table: Record<string, Flag>): string {
  return Object.entries(table)
    .map(([name, flag]) => `  --${name}  ${flag.description}${flag.default === undefined ? '' : ` (${flag.default})`}`)
    .join('\n');
}
