import { spansOf, type Span } from './span.ts';

/** What clouds hand out, by the formats their documentation and their own scanners name. */
const formats: readonly RegExp[] = [
  // AWS access key ids: the other half is found by its name, or because it stands beside.
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])/dg,
  // Google API keys, OAuth client secrets, OAuth access and refresh tokens.
  /(?<![\w-])AIza[\w-]{35}(?![\w-])/dg,
  /(?<![\w-])GOCSPX-[\w-]{20,}/dg,
  /(?<![\w.-])ya29\.[\w.-]{20,}/dg,
  // Azure: client secrets have `8Q~` or `7Q~` after three characters; SAS signatures.
  /(?<![\w~.-])[\w~.-]{3}[78]Q~[\w~.-]{31,34}(?![\w~-])/dg,
  /[?&;](?:sig|se_sig)=((?:[A-Za-z0-9+/]|%[0-9A-Fa-f]{2}){40,}=*)/dg,
  /[?&;]x-(?:amz|goog)-(?:signature|security-token)=([\w%+/.-]{16,4096}=*)/dgi,
  // DigitalOcean, Alibaba, Tencent, Yandex.
  /(?<![\w-])do[opr]_v1_[0-9a-f]{64}/dg,
  /(?<![A-Za-z0-9])LTAI[A-Za-z0-9]{12,24}(?![A-Za-z0-9])/dg,
  /(?<![A-Za-z0-9])AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])/dg,
];

/** A secret access key has no mark of its own: 40 characters of base64, in a text that names its other half. */
const besideAwsId =
  /(?<![A-Za-z0-9+/=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9+/=])/dg;

/** Keys of AWS, Google, Azure and others. */
export function findCloudKeys(text: string): Span[] {
  const spans = formats.flatMap((format) => spansOf(format, text));
  return /(?:AKIA|ASIA)[A-Z2-7]{16}/.test(text) ? [...spans, ...spansOf(besideAwsId, text)] : spans;
}
