import type { AnswerMasking } from './answer-masking.ts';
import { maskText } from './mask-text.ts';
import type { Mask } from './mask.ts';

/** What our own webhook says, and the API server of names that the client chose: neither can quote what is stored. */
const safeWarnings: readonly RegExp[] = [
  /^approved by [\w@.:+/, -]{1,128} ?\([\w./-]{1,128}\)$/,
  /^(?:would pass|passed) without asking, by grant [\w., -]{1,128}…?$/,
  /^would be held for approval by rule [\w.-]{1,128} of AccessPolicy [\w.-]{1,128}…?$/,
  /^approved already: hold [\w./-]{1,128} would be used$/,
  /^would be refused: hold [\w./-]{1,128} was denied by [\w@.:+/ -]{1,128}$/,
  /^(?:unknown|duplicate) field "[\w.[\]-]{1,253}"$/,
  /^[\w./-]{1,128} (?:\w{1,64} )?is deprecated in v[\d.]+\+[\w;, ./+-]{0,253}$/,
];

/**
 * A warning's text, masked as texts are. Of one about what is secret by its place no detector could tell a value: it is passed
 * on where it is known to quote none, and else replaced. An admission policy's may print whatever it judges.
 */
export function maskWarning(warning: string, mask: Mask, how: Pick<AnswerMasking, 'assumed'>): string {
  if (how.assumed === undefined) return maskText(warning, mask);
  if (safeWarnings.some((safe) => safe.test(warning))) return warning;
  return `a warning is withheld, because warnings about ${how.assumed.kind}s can quote their values`;
}
