import { isSecretValue, secretNameKind } from './secret-name.ts';
import type { Span } from './span.ts';

/** A name and its value with no more than words between: in logs, in XML, in code. First group the name, second the value. */
const named: readonly RegExp[] = [
  // DB_PASSWORD value "x"; password "x".
  /(?<![\w.-])([A-Za-z_][\w.-]{1,80})\s{1,4}(?:(?:value|is|was|to|of|set to)\s{1,4})?["']([^\s"']{6,512})["']/dg,
  // The password for user admin is: x.
  /(?<![\w.-])(password|passphrase|token|secret)(?: \w{1,20}){0,4} (?:is|was):? {1,4}["']?([^\s"']{6,512}?)(?=[,.;:)]{0,3}(?:["'\s]|$))/dgi,
  // set secret_access_key x.
  /(?<![\w.-])(\w{0,40}(?:access_key|_password|_passwd|_token|_secret|_api_key))\s{1,4}([^\s"'=:;,]{8,512})/dg,
];
/** The same where it is markup that says so, and any value will do. */
const marked: readonly RegExp[] = [
  /(?:key|name)="([\w.:-]{1,128})"\s{1,8}value="([^"]{1,4096})"/dg,
  /name="([\w.:-]{1,128})"[^<>]{0,80}>\s{0,16}([^<\s][^<]{0,4096}?)\s{0,16}<\//dg,
];
const alone: readonly RegExp[] = [
  // user:password@host, without a scheme. An image has a digest behind its @, and no host.
  /(?<![\w.:/@-])[\w.-]{1,64}:((?=[^\s:@/"']{0,60}\d)(?=[^\s:@/"']{0,60}[A-Za-z])[^\s:@/"']{6,256})@[\w-]{1,63}(?:\.[\w-]{1,63})+/dg,
  // echo x | docker login --password-stdin.
  /\becho\s{1,4}(?:-n\s{1,4})?["']?([^\s"'$|]{4,1024})["']?\s{0,4}\|[^|\n]{0,80}(?:-stdin|--with-token|chpasswd)/dg,
  /(?:-stdin|--with-token|sudo -S)\s{0,4}<<<\s{0,4}["']?([^\s"'$]{4,1024})/dg,
  /\blftp\s{1,4}-u\s{1,4}[^\s,]{1,64},(\S{1,512})/dg,
  // Configurations of Redis, HAProxy, PgBouncer.
  /\buser\s{1,4}\S{1,64}\s{1,4}on\s{1,4}>(\S{1,512})/dg,
  /\bstats\s{1,4}auth\s{1,4}[^\s:]{1,64}:(\S{1,512})/dg,
  /"(md5[0-9a-f]{32}|SCRAM-SHA-256\$[^"\s]{16,512})"/dg,
];

/** Secrets that sentences, markup and little languages of their own speak out. */
export function findInProse(text: string): Span[] {
  return [
    ...named.flatMap((pattern) =>
      pairs(pattern, text, (name, value) => secretNameKind(name) === 'strong' && isTyped(value)),
    ),
    ...marked.flatMap((pattern) => pairs(pattern, text, isSecretValue)),
    ...alone.flatMap((pattern) => pairs(pattern, text, () => true)),
  ];
}

function pairs(pattern: RegExp, text: string, isSecret: (name: string, value: string) => boolean): Span[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const group = match.length - 1;
    const [start, end] = match.indices?.[group] ?? [0, 0];
    return end > start && isSecret(match[1] ?? '', match[group] ?? '') ? [{ start, end }] : [];
  });
}

/** No word of a sentence, and no name of an object. */
function isTyped(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !/^[a-z0-9]+(?:[-./][a-z0-9]+)*[.,:;)]*$/.test(value);
}
