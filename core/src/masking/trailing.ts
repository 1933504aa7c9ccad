/**
 * Where the characters at a text's end begin that are all of these; its length where there are none. Step by step from the end: `[…]+$`
 * as an expression would try each of a row of them as the first, and take the square of a row that is followed by another.
 */
export function trailingStart(text: string, characters: string): number {
  let start = text.length;
  while (start > 0 && characters.includes(text.charAt(start - 1))) start -= 1;
  return start;
}
