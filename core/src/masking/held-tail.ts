import { mayBeginToken } from './detectors/find-credentials.ts';
import { secretNameKind } from './detectors/secret-name.ts';
import type { Span } from './detectors/span.ts';

const lastWord = /[^\s"'`]{1,1024}$/;
const unfinishedValue = /([A-Za-z_][\w.-]{1,127})["']?[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}["']?([^\s"']{1,512})$/;

/** A URL that is cut off before its `@`. `host:8080/path` is none, and neither is an IPv6 address. */
const unfinishedUrl = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@:[\]]{0,256}:(?!\d{1,5}(?:[/?#]|$))([^\s@"'`<>]{1,512})$/i;

/**
 * From where on an unfinished line may be the beginning of a credential: one that was found at its very end, a word with the
 * mark of a token in it, the value of a secret's name, what may be a URL's password. Not before `released`, which is gone.
 */
export function heldFrom(line: string, spans: readonly Span[], released: number): number {
  let from = line.length;
  const last = spans.at(-1);
  if (last !== undefined && last.end >= line.length) from = last.start;
  const recent = line.slice(-1_280);
  const word = lastWord.exec(recent)?.[0] ?? '';
  if (mayBeginToken(word)) from = Math.min(from, line.length - word.length);
  const [, name = '', value = ''] = unfinishedValue.exec(recent) ?? [];
  if (secretNameKind(name) !== undefined) from = Math.min(from, line.length - value.length);
  const [, password = ''] = unfinishedUrl.exec(recent) ?? [];
  from = Math.min(from, line.length - password.length);
  return Math.max(from, released);
}
