import { isPlaceholder, isSecretValue } from './secret-name.ts';
import type { Span } from './span.ts';

/** The words of a command line, with where they stand: as given, or split as a shell would. */
export interface Word extends Span {
  text: string;
}

/** Flags without a telling name, by the program that gives them their meaning. */
interface Program {
  name: RegExp;
  /** Only with this word behind it: `docker login -p`, but not `docker run -p`. */
  given?: RegExp;
  /** The next word is the secret, or what follows in the same word. */
  next?: RegExp;
  /** The secret is the rest of the same word: `mysql -pSECRET`. */
  attached?: RegExp;
  /** `user:password`: the part behind the colon. */
  pair?: RegExp;
  /** A word that is no flag, at this place after the subcommand. */
  positional?: { after: RegExp; at: number };
}

const programs: readonly Program[] = [
  { name: /^(?:curl|http|https|wget|xh)$/, pair: /^(?:-u|--user|-U|--proxy-user|-a|--auth)$/, attached: /^-u(?=.*:)/ },
  { name: /^(?:mysql|mariadb)(?:dump|admin|import|-dump|-admin)?$|^mycli$|^xtrabackup$/, attached: /^-p(?=.)/ },
  { name: /^(?:redis|keydb|valkey)-cli$/, next: /^-a$|^--pass$/ },
  {
    name: /^(?:docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|cosign|oc|az|regctl)$/,
    given: /^login$/,
    next: /^-p$/,
  },
  { name: /^(?:skopeo|podman|buildah)$/, pair: /^--(?:src-|dest-)?creds$/ },
  { name: /^vault$/, positional: { after: /^(?:login|unseal|unwrap)$/, at: 0 } },
  { name: /^(?:etcdctl|influx)$/, pair: /^--user$|^-u$/ },
  { name: /^ssh-keygen$/, next: /^-[NP]$/ },
  { name: /^sshpass$/, next: /^-p$/, attached: /^-p(?=.)/ },
  { name: /^mongo(?:sh|dump|restore|export|import)?$/, next: /^-p$/ },
  { name: /^(?:sqlcmd|bcp|mosquitto_(?:pub|sub))$/, next: /^-P$/, attached: /^-P(?=.)/ },
  { name: /^ldap(?:search|add|modify|delete|whoami|passwd)$/, next: /^-[ws]$/ },
  { name: /^openssl$/, next: /^-(?:passin|passout|pass|k|K)$/ },
  { name: /^(?:zip|7z|7za)$/, next: /^-P$/, attached: /^-p(?=.)/ },
  { name: /^htpasswd$/, positional: { after: /^-[a-zA-Z]*b[a-zA-Z]*$/, at: 2 } },
  { name: /^(?:smbclient|rpcclient)$/, pair: /^-U$/ },
  { name: /^(?:rabbitmqadmin|cqlsh)$/, next: /^-p$/ },
  { name: /^snmp(?:get|walk|set|trap)$/, next: /^-[AX]$/ },
];

const wrappers =
  /^(?:sudo|env|exec|echo|printf|time|nice|watch|su|nohup|timeout|xargs|sh|bash|ash|zsh|dash|kubectl|command|stdbuf|-c|--)$/;
/** Where the secret is told by its place, it comes soon: without an end, a line of nothing but `login` would cost its square. */
const longestTail = 16;
const longFlag = /^-{1,2}([A-Za-z][\w.-]{1,80})$/;
const literal = /^--from-literal=?/;

/** Secrets that a command line carries by its flags; what carries its own name (`X=y`) is `findAssignments`' to find. */
export function findInCommand(words: readonly Word[]): Span[] {
  const spans: Span[] = [];
  let program: Program | undefined;
  let subject = 0;
  words.forEach((word, at) => {
    const { text } = word;
    const base = text.slice(text.lastIndexOf('/') + 1);
    const named = programs.find(({ name, given }) => name.test(base) && isGiven(words, at, given));
    if (named !== undefined && (at === 0 || startsCommand(words, at))) {
      program = named;
      subject = at;
    }
    const next = words[at + 1];
    const [, flag] = longFlag.exec(text) ?? [];
    if (flag !== undefined && next !== undefined && isSecretFlag(flag, next.text)) spans.push(next);
    if (literal.test(text)) spans.push(...literalOf(text === '--from-literal' ? next : word));
    if (program === undefined) return;
    if (
      program.next?.test(text) === true &&
      next !== undefined &&
      !next.text.startsWith('-') &&
      !isPlaceholder(next.text)
    ) {
      spans.push(next);
    }
    const attached = program.attached?.exec(text)?.[0].length;
    if (attached !== undefined) spans.push(...attachedTo(word, attached, program));
    const pair = program.pair;
    if (pair?.test(text) === true && next !== undefined && /[:%]./.test(next.text))
      spans.push(afterColon(next, program));
    const { positional } = program;
    if (positional?.after.test(text) === true && at > subject) {
      const plain = words.slice(at + 1, at + 1 + longestTail).filter((each) => !each.text.startsWith('-'));
      const secret = plain[positional.at];
      // `vault login -method=userpass username=x password=y` names what it says.
      if (secret !== undefined && !/^\w+=/.test(secret.text) && /^(?=.*[\d._-]).{8,}$/.test(secret.text))
        spans.push(secret);
    }
  });
  return spans.filter(({ start, end }) => end > start);
}

/** A program may stand behind others, behind a pipe, or at the start of a shell's line. */
function startsCommand(words: readonly Word[], at: number): boolean {
  const before = words[at - 1]?.text ?? '';
  return (
    wrappers.test(before) ||
    /^(?:[|;&(]+|&&|\|\|)$/.test(before) ||
    /[;|&]$/.test(before) ||
    /^\w+=/.test(before) ||
    /^\d+[smh]?$/.test(before) ||
    before.startsWith('-')
  );
}

function isGiven(words: readonly Word[], at: number, given: RegExp | undefined): boolean {
  return given === undefined || words.slice(at + 1, at + 1 + longestTail).some(({ text }) => given.test(text));
}

function isSecretFlag(flag: string, value: string): boolean {
  if (value.startsWith('-') && value.length < 24) return false;
  return isSecretValue(flag, value);
}

function literalOf(word: Word | undefined): Span[] {
  if (word === undefined) return [];
  // Everything that `kubectl create secret --from-literal` is given is a secret; of a ConfigMap, the names decide.
  const match = /^(?:--from-literal=)?[\w.-]{1,253}=/.exec(word.text);
  return match === null ? [] : [{ start: word.start + match[0].length, end: word.end }];
}

/** `-p'SECRET'` has quotes of its own, `-p"$PASSWORD"` only says where it is. */
function attachedTo(word: Word, length: number, program: Program): Span[] {
  const quote = /^(["']).*\1$/.test(word.text.slice(length)) ? 1 : 0;
  const [start, end] = [word.start + length + quote, word.end - quote];
  const text = word.text.slice(length + quote, word.text.length - quote);
  return isPlaceholder(text) ? [] : [afterColon({ text, start, end }, program)];
}

function afterColon(word: Word, program: Program): Span {
  if (program.pair === undefined) return word;
  const colon = word.text.search(/[:%]/);
  return colon < 0 ? word : { start: word.start + colon + 1, end: word.end };
}

/** Splits as a shell would, roughly: quotes hold a word together, and are not part of it. */
export function shellWords(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(
    /"((?:[^"\\]|\\.)*)(?:"|$)|'([^']*)(?:'|$)|(?:[^\s"'=]{1,128}=|-[A-Za-z])(?:"[^"]*"|'[^']*')|[^\s"']+/gs,
  )) {
    const quoted = match[1] ?? match[2];
    const word = quoted ?? match[0];
    if (/^(?:[,[\]{}]+|[-+])$/.test(word)) continue; // A list in another language's clothes (`{"--password", "x"}`), or a difference.
    const start = match.index + (quoted === undefined ? 0 : 1);
    words.push({ text: word, start, end: start + word.length });
  }
  return words;
}
