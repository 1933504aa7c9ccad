import { isPlaceholder, isSecretValue } from './secret-name.ts';
import type { Span } from './span.ts';

/** Languages in which a value follows its name after nothing but a space, or stands between tags. */
const statements: readonly RegExp[] = [
  // SQL.
  /(?<![\w-])(?:password|identified\s{1,4}(?:with\s{1,4}\w{1,40}\s{1,4})?by(?:\s{1,4}password)?)\s{1,4}'((?:[^'\\]|\\.|''){1,1024})'/dgi,
  // netrc, redis.conf, and commands that set a configuration: no prose has these names.
  /(?<![\w.-])machine\s{1,8}\S{1,256}\s{1,8}login\s{1,8}\S{1,256}\s{1,8}password\s{1,8}(\S{1,1024})/dgi,
  /(?<![\w.-])(?:requirepass|masterauth|aws_secret_access_key|aws_session_token)\s{1,8}["']?([^\s"'=:][^\s"']{3,1024})/dgi,
  // A directive on a line of its own, in Fluentd, Keepalived and others.
  /^[ \t]{0,64}(?:password|passwd|auth_pass|secret|token|api_key)[ \t]{1,8}["']?((?=\S{0,64}\d)[^\s"'=:]{4,1024})["']?[ \t]{0,8}$/dgm,
  // As people note them down: `the token - 'x'`, `API key is "x"`.
  /(?<![\w-])(?:token|secret|password|(?:api|access|secret)[ _-]?key|key)\s{1,4}(?:-|is|was)\s{1,4}['"`]([^\s'"`]{12,1024})['"`]/dgi,
  // PHP's define, and calls like it.
  /['"][\w.-]{0,60}(?:password|passwd|secret|token|api_?key|_pass|_key|_salt)['"]\s{0,4},\s{0,4}['"]([^'"\r\n]{4,1024})['"]\s{0,4}\)/dgi,
  // .pgpass: host, port, database, user.
  /^[\w.*-]{1,253}:(?:\d{2,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:(\S{1,1024})$/dgm,
  // htpasswd and shadow: a hash can be tried at home.
  /:(\$(?:apr1|2[aby]|5|6|y|argon2id?)\$[\w./$=,+-]{16,256})/dg,
];

/** An element of XML: its name, and its text. */
const element = /<(?:\w{1,40}:)?([A-Za-z][\w.-]{1,79})>\s{0,64}([^<\s][^<]{0,4096}?)\s{0,64}<\//dg;

/** Secrets in SQL, netrc, redis.conf, XML, PHP, and hashes of passwords. */
export function findInStatements(text: string): Span[] {
  const named = [...text.matchAll(element)].flatMap((match) => {
    const [start, end] = match.indices?.[2] ?? [0, 0];
    return end > start && isSecretValue(match[1] ?? '', text.slice(start, end)) ? [{ start, end }] : [];
  });
  const stated = statements.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const [start, end] = match.indices?.[1] ?? [0, 0];
      return end > start && !isPlaceholder(text.slice(start, end)) ? [{ start, end }] : [];
    }),
  );
  return [...named, ...stated];
}
