/**
 * Text from somebody else, fit for a line in a chat, a log or a terminal: control characters, line breaks and characters that
 * turn the direction of text become spaces, and at most `max` characters stay, the last of them `…` where some were cut.
 */
export function plainText(text: string, max: number): string {
  // A slice may cut a surrogate pair in two; what is left of it is in \p{C} too.
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  return cut.replace(/[\p{C}\u2028\u2029]/gu, ' ').trim();
}
