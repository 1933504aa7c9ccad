/**
 * Finds credentials in free text. One scan for what any of them must contain spares nearly every text the families'
 * own patterns. Each family is a pure function over the text, linear in its length.
 */
import { findAssignments } from './assignments.ts';
import { findAuthorization } from './authorization.ts';
import { findCloudKeys } from './cloud-keys.ts';
import { findInCommand, shellWords } from './command-flags.ts';
import { findJwts } from './jwt.ts';
import { findInManifests } from './manifest.ts';
import { findPrivateKeys } from './private-key.ts';
import { mergeSpans, type Detector, type Span } from './span.ts';
import { findInProse } from './prose.ts';
import { findInStatements } from './statements.ts';
import { findUrlCredentials } from './url-credentials.ts';
import { findVendorTokens } from './vendor-tokens.ts';

/** What begins or marks a token by its own format. */
const formatTrigger =
  /PRIVATE KEY|PuTTY|eyJ|A(?:KIA|SIA|BIA|CCA|KID|IZA|GE-)|AIza|GOCSPX|ya29\.|[78]Q~|se_sig|[?&;]sig=|-[Ss]ignature=|-[Ss]ecurity-[Tt]oken=|LTAI|do[opr]_v1|gh[pousr]_|github_pat|gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|sa_|c_)|GR1348941|xox[abeoprs]-|xapp-|hooks\.slack|\/webhooks\/|[srp]k[_-]|whsec|npm_|pypi-|rubygems_|dckr_|hv[sbr]\.|atlasv1|dapi|SG\.|key-|shp[acps]|lin_api|hf_|:AA/;
/** What names a secret, or carries one in a place of its own. */
const placeTrigger =
  /@(?!sha256:)|pass|pwd|secret|token|key|cred|auth|conn|cookie|bearer|basic|jwt|docker|netrc|otp|seed|mnemonic|salt|sig|dsn|hash|identified|masterauth|:\d{4,5}:|\$|curl|mysql|maria|redis|vault|login|<<<|-stdin|--user| on >|"md5|--from-literal| -[A-Za-z]/i;

const formats: readonly Detector[] = [findPrivateKeys, findJwts, findCloudKeys, findVendorTokens];
const places: readonly Detector[] = [
  findUrlCredentials,
  findAuthorization,
  findAssignments,
  findInManifests,
  findInStatements,
  findInProse,
  (text) => (/\s/.test(text) ? findInCommand(shellWords(text)) : []),
];

/** Where credentials stand in the text, sorted, none overlapping another. */
export function findCredentials(text: string): readonly Span[] {
  if (text.length < 8) return [];
  const asked = [
    ...(formatTrigger.test(text) ? formats : []),
    ...(/[=:\s@<]/.test(text) && placeTrigger.test(text) ? places : []),
  ];
  // Not by spreading: a hostile text has more of them than a call has room for arguments.
  const spans = asked.flatMap((find) => find(text));
  return spans.length === 0 ? spans : mergeSpans(spans);
}

/** The same for what tells by its format alone: for names, where `key: value` means nothing. */
export function findTokens(text: string): readonly Span[] {
  if (text.length < 16 || !formatTrigger.test(text)) return [];
  return mergeSpans(formats.flatMap((find) => find(text)));
}

/** True for a word that carries what marks a token by its format: the rest of it may still be to come. */
export function mayBeginToken(word: string): boolean {
  return formatTrigger.test(word);
}
