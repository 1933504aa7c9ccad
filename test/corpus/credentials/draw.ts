import { createHash } from 'node:crypto';

/** Texts drawn at random, the same in every run. */
export interface Draw {
  alnum(length: number): string;
  hex(length: number): string;
  digits(length: number): string;
  /** Upper case letters and 2–7. */
  upper32(length: number): string;
  /** Standard base64, padded as its length asks. */
  base64(length: number): string;
  base64url(length: number): string;
  /** As a person or a generator makes them, with other characters than letters among them. */
  password(): string;
  uuid(): string;
  pick<T>(choices: readonly T[]): T;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function createDraw(seed: string): Draw {
  let count = 0;
  let pool: number[] = [];
  const byte = (): number => {
    if (pool.length === 0)
      pool = [
        ...createHash('sha256')
          .update(`${seed}/${String((count += 1))}`)
          .digest(),
      ];
    return pool.pop() ?? 0;
  };
  const from = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(byte() % alphabet.length)).join('');
  const hex = (length: number): string => from('0123456789abcdef', length);
  return {
    // The last is a digit: a token without any is too rare to be of this corpus.
    alnum: (length) => `${from(`${letters}0123456789`, length - 1)}${from('23456789', 1)}`,
    hex,
    digits: (length) => from('123456789', length),
    upper32: (length) => from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', length),
    base64(length) {
      const padded = length % 4 === 0 ? '=' : '';
      return from(`${letters}0123456789+/`, length - padded.length) + padded;
    },
    base64url: (length) => from(`${letters}0123456789-_`, length - 1) + 'A',
    password: () => `${from(letters, 5)}${from('!#%^*._~-', 1)}${from('0123456789', 3)}${from(letters, 4)}`,
    uuid: () => [8, 4, 4, 4, 12].map(hex).join('-'),
    pick: (choices) => choices[byte() % choices.length] as (typeof choices)[number],
  };
}
