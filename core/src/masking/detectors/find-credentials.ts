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
import { isReference } from './secret-name.ts';
import { findUrlCredentials } from './url-credentials.ts';
import { findVendorTokens } from './vendor-tokens.ts';

/** What begins or marks a token by its own format. */
const formatTrigger =
  /PRIVATE KEY|PuTTY|eyJ|A(?:KIA|SIA|BIA|CCA|KID|IZA|GE-)|AIza|GOCSPX|ya29\.|[78]Q~|se_sig|[?&;]sig=|-[Ss]ignature=|-[Ss]ecurity-[Tt]oken=|LTAI|do[opr]_v1|gh[pousr]_|github_pat|gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|sa_|c_)|GR1348941|xox[abeoprs]-|xapp-|hooks\.slack|\/webhooks\/|[srp]k[_-]|whsec|npm_|pypi-|rubygems_|dckr_|hv[sbr]\.|atlasv1|dapi|SG\.|key-|shp[acps]|lin_api|hf_|:AA|sgp_|api_org_|ops_eyJ|sntry[su]_|ntn_|EZ[AT]K|fo1_|fm[12]_|s-s4t2|pplx-|A3-|ABSK|dp\.[a-z]|dt0c01|CLOJARS_|shippo_|pscale_|sha256~|dnkey-|duffel_|[ps]at\.|FLWSECK|rdme_|pnu_|sm_[ap]at_|bedrock-api|\/webhookb2\/|EAA|v1\.0-/;
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
  if (spans.length === 0) return spans;
  const found = mergeSpans(spans).filter(({ start, end }) => !isReference(text.slice(start, end)));
  return withCopies(found, text);
}

/** Shorter ones could be a word. */
const shortestCopied = 12;
/** Each is looked for in the whole text: of a text full of credentials, the first few must do. */
const mostCopied = 16;

/** What was found at one place in a text is a credential at every other place in it. */
function withCopies(found: readonly Span[], text: string): readonly Span[] {
  const values = new Set<string>();
  for (const { start, end } of found) {
    if (values.size < mostCopied && end - start >= shortestCopied && end - start < text.length / 2) {
      values.add(text.slice(start, end));
    }
  }
  const copies: Span[] = [];
  for (const value of values) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
      copies.push({ start: at, end: at + value.length });
    }
  }
  return copies.length <= found.length && copies.length <= values.size ? found : mergeSpans([...found, ...copies]);
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
