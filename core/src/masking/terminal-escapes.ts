import { mergeSpans, type Span } from './detectors/span.ts';

/** What every sequence begins with. */
export const escape = '\u001b';
const bell = '\u0007';
/** CSI and OSC sequences and the short ones: colours, cursors, titles. Source: ECMA-48, sections 5.3 and 5.4. */
const sequences = [
  '\\[[0-?]{0,64}[ -/]{0,8}[@-~]',
  `\\][^${bell}${escape}]{0,512}(?:${bell}|${escape}\\\\)`,
  '[ -/]{0,4}[0-Z\\\\^_`a-~]',
];
const escapes = new RegExp(`${escape}(?:${sequences.join('|')})`, 'g');

/**
 * Looks through a terminal's text as a person sees it, without colours and cursor movements, and says where in the text itself
 * that was found: a coloured match of grep's stands between a name and its value.
 */
export function withoutEscapes(text: string, find: (plain: string) => readonly Span[]): readonly Span[] {
  if (!text.includes(escape)) return find(text);
  let plain = '';
  let from = 0;
  /** Where pieces of the plain text begin, in it and in the text. */
  const pieces: { plain: number; text: number }[] = [];
  for (const { index, 0: sequence } of text.matchAll(escapes)) {
    if (index > from) pieces.push({ plain: plain.length, text: from });
    plain += text.slice(from, index);
    from = index + sequence.length;
  }
  if (from < text.length) pieces.push({ plain: plain.length, text: from });
  plain += text.slice(from);
  let at = 0;
  const toText = (place: number): number => {
    while (at + 1 < pieces.length && (pieces[at + 1]?.plain ?? Infinity) <= place) at += 1;
    const piece = pieces[at];
    return piece === undefined ? place : piece.text + place - piece.plain;
  };
  const seen = find(plain).map(({ start, end }) => {
    const begin = toText(start);
    // By its last character: what comes behind that is not the credential's.
    return { start: begin, end: toText(end - 1) + 1 };
  });
  // As it stands, too: of an escape that is none, a sequence would take the first character of what follows.
  return mergeSpans([...seen, ...find(text)]);
}

/** What a person sees of a terminal's text. */
export function plainText(text: string): string {
  return text.includes(escape) ? text.replace(escapes, '') : text;
}

/** What a person does not see of it, in order: it outlives the text that it stands in, or a colour would not end. */
export function escapesIn(text: string): string {
  return text.includes(escape) ? (text.match(escapes) ?? []).join('') : '';
}
