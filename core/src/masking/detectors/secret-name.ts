/** Names of what stands beside a secret, or leads to it, and is none itself. */
const besideIt =
  /(?:names?|refs?|references?|file|files|filename|path|paths|dir|mount|policy|policies|length|len|ttl|expiry|expires|expiresin|expiration|seconds|minutes|hours|days|count|limit|limits|size|types?|kinds?|mode|enabled|required|rotation|interval|version|url|uri|endpoint|issuer|audiences?|namespace|provider|format|algorithm|hashes|rules?|resources?|keyname|store|backend|engine|manager|class|operator|controller|review|request|requests|template|generator|selector|prefix|field|fields|column|header|headername|id)$/;

/** Names whose value is a secret whatever it looks like. */
const strong =
  /(?:password|passwords|passwd|passphrase|passcode|passwort|pwd|rediscliauth|secret|secrets|token|tokens|apikey|apikeys|accesskey|secretkey|privatekey|signingkey|encryptionkey|encryptkey|accountkey|masterkey|rootkey|authkey|sharedkey|storagekey|licensekey|deploykey|sshkey|hmackey|cryptkey|credential|credentials|creds|connectionstring|connstr|connstring|secretid|cookie|cookies|clientkeydata|bearer|jwt|sessionkey|webhookurl|htpasswd|dockerconfigjson|dockercfg|pgpass|netrc|otp|totp|seedphrase|mnemonic)(?:value|plain|plaintext|old|new|current|prev|previous|prod|production|dev|staging|test|base|base64|b64|data|hash|text|raw|json|[0-9]+)?$/;
const passwordAnywhere = /password|passwd|passphrase/;
/** `auth-secret`, `tlsSecret`: by custom the name of a Secret object. */
const namesASecret =
  /(?:\/(?:[\w.-]*-)?secret|(?:^|[_.-])(?:existing|pull|tls|ca|cert|certificate|registry|image|bundle|target|source)[_.-]?secret|(?:existing|[Pp]ull|[Tt]ls|TLS|[Cc]ert|[Tt]arget)Secret)s?$/;
const workingFolder = /^(?:OLD)?PWD$/;
const pass = /(?:^|[_.-])(?:pass|PASS|Pass|pw|PW)$|[a-z]Pass$|^(?:PG|DB|MYSQL|REDIS|SMTP|FTP)PASS$/;
/** Names that are a secret's often enough to look at the value. */
const weak = /(?:key|auth|authorization|salt|seed|pin|cred|pat|dsn|pass)$/;
/** Keys that open nothing. */
const harmlessKey =
  /(?:public|host|cache|idempotency|partition|sort|object|group|routing|index|primary|foreign|label|annotation|map|s3|topology|hash|registry|event|metric|pub)key$|oauth$|bypass$|compass$/;

/** Anything that `secretNameKind` could be told yes by: one scan spares most names the rest. */
const trigger =
  /pass|pwd|pw$|secret|token|key|cred|auth|conn|cookie|bearer|jwt|docker|netrc|otp|seed|mnemonic|salt|pin|pat|dsn|url|uri|webhook/i;

/**
 * What a name says of its value: `strong`, it is a secret; `weak`, it is one if it looks like one. Understands every way of
 * writing a name in several words.
 */
export function secretNameKind(name: string): 'strong' | 'weak' | undefined {
  if (name.length > 128 || !trigger.test(name) || workingFolder.test(name)) return undefined;
  // `checksum/db-password` is what a chart restarts pods by.
  if (name.startsWith('checksum/')) return undefined;
  const plain = name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
  if (namesASecret.test(name)) return undefined;
  if (strong.test(plain) || pass.test(name)) return 'strong';
  if (besideIt.test(plain)) return undefined;
  if (passwordAnywhere.test(plain) && !plain.endsWith('key')) return 'strong';
  return weak.test(plain) && !harmlessKey.test(plain) ? 'weak' : undefined;
}

/** Values that stand for "none", or say where the real one comes from. */
const placeholder =
  /^(?:|true|false|null|nil|none|undefined|optional|required|created|configured|unchanged|updated|deleted|string|strings|stringArray|yes|no|on|off|\*+|x{3,}|\.{3}|\$\([^)]*\)|\$\{[^}]*\}|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\{\{.*\}\}|<[^<>]*>|@[\w./-]+|changeit\?|(?:env|file|vault|secret|ref\+\w+|arn|awssm|gcpsm):.{0,512}|(?:\/(?:var|run|etc|mnt|tmp|opt|home|root|usr|vault|secrets|srv|proc|dev|data|app|config))(?:\/[\w.@-]+)+|\d{1,4})$/i;

/** Says where the value comes from: a variable, an expression of a template, a configuration's own reference. */
const reference =
  /^(?:\$\w+|\$\{[^{}]*\}|\$\([^)]*\)|\$?\{\{[^{}]*\}\}|%\w+%|\{[A-Za-z_][\w.]*\}|<[A-Za-z][^<>]*>?|\[[A-Z_ ]+\]|(?:var|local|params|env|secrets|inputs|each|module|data)(?:\.[A-Za-z_]\w*)+)$/;
/** What documentation has in a token's place: `ghp_xxxxxxxxxxxx`. */
const blank = /([xX*#.])\1{7,}/;

/** True for what stands in a value's place and is none, whatever its surroundings say. */
export function isReference(value: string): boolean {
  return value.length <= 256 && (reference.test(value) || blank.test(value));
}

/** True for what is no secret although its name says so. */
export function isPlaceholder(value: string): boolean {
  return value.length <= 600 && placeholder.test(value);
}

/** Hex digests, identifiers, and what else Kubernetes objects are full of. */
const harmless =
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:[\w.:/-]{1,200}@)?sha(?:1|256|512)[:-][0-9A-Za-z+/=-]+|v?\d+(?:\.\d+)+[\w.+-]*|[a-z][a-z0-9+.-]*:\/\/.*|\/[\w./-]*|[a-z0-9.-]+\/[a-z0-9./:-]+|\d{4}-\d\d-\d\d.*)$/i;

/**
 * True for a value that looks drawn at random: long, from more than one class of characters, few of them repeated. Bits an
 * alphabet's character by the text's own frequencies, as scanners count it.
 */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || value.length > 4_096 || /\s/.test(value) || harmless.test(value)) return false;
  if (/^[[{]/.test(value)) return false; // Structure, whose parts are looked at each by itself.
  if (/^[a-z0-9]+(?:[.-][a-z0-9]+)+$/.test(value)) return false; // The name of a pod, a host, a field.
  if (/^[A-Za-z]?[a-z]{2,}(?:[A-Z][a-z]{2,})+$/.test(value)) return false; // Words in camel case.
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((each) => each.test(value)).length;
  if (classes < 2 || (!/\d/.test(value) && !/[a-z][A-Z]|[A-Z][a-z]{0,2}[A-Z]/.test(value))) return false;
  return bitsPerCharacter(value.slice(0, 256)) >= 3.3;
}

function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** `secretKey: db-password` tells which key of a Secret, not its value. */
const keyName = /^[a-z]+(?:[-_.][a-z]+)*$/;
/** What an `Authorization` begins with. */
const scheme = /^(?:basic|bearer|token|negotiate|digest|apikey) +\S/i;

/** True when a value under this name is to be masked. */
export function isSecretValue(name: string, value: string): boolean {
  const kind = secretNameKind(name);
  if (kind === undefined || isPlaceholder(value)) return false;
  if (/key$/i.test(name) && value.length <= 24 && keyName.test(value)) return false;
  return kind === 'strong' || looksRandom(value) || (/auth(?:orization)?$/i.test(name) && scheme.test(value));
}
