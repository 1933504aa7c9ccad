/** One token of a statement. `text` of a quoted name is without its quotes; a string has none of its text. */
export interface Token {
  type: 'Word' | 'Quoted' | 'String' | 'Number' | 'Mark';
  text: string;
  /** Where it starts, as an index into the statement. */
  start: number;
}

/**
 * Cuts a statement into tokens, comments set aside. What cannot be told for certain from here (heredocs, typographic quotes,
 * spaces that are none in ASCII) is not guessed: then the answer is a string that says why it cannot be read.
 */
export function tokenize(text: string): Token[] | string {
  // Behind it, the engine's own parser may see the end of the text.
  if (text.includes('\0')) return 'a null byte';
  const tokens: Token[] = [];
  let i = 0;
  while (i < text.length) {
    const rest = text.slice(i, i + 2);
    const character = text.charAt(i);
    const start = i;
    if (/[ \t\n\r\f\v]/.test(character)) {
      i += 1;
    } else if (rest === '--') {
      const end = text.indexOf('\n', i);
      i = end === -1 ? text.length : end + 1;
    } else if (rest === '/*') {
      const end = text.indexOf('*/', i + 2);
      if (end === -1) return 'a comment is not closed';
      if (text.slice(i + 2, end).includes('/*')) return 'comments are not nested';
      i = end + 2;
    } else if (character === "'" || character === '"' || character === '`') {
      const end = endOfQuoted(text, i);
      if (end === undefined) return 'a quote is not closed';
      i = end;
      if (character === "'") {
        tokens.push({ type: 'String', text: '', start });
      } else {
        const name = text.slice(start + 1, end - 1);
        // ClickHouse reads `fi\x6ce` as file, and `a``b` as a`b.
        if (name.includes('\\')) return 'a quoted name with a backslash in it';
        if (name.includes(character)) return 'a quoted name with a quote in it';
        tokens.push({ type: 'Quoted', text: name, start });
      }
    } else if (/[A-Za-z_]/.test(character)) {
      const word = /^\w+/.exec(text.slice(i, i + maxWord))?.[0] ?? character;
      tokens.push({ type: 'Word', text: word, start });
      i += word.length;
    } else if (/[0-9]/.test(character)) {
      const number = /^\w+/.exec(text.slice(i, i + maxWord))?.[0] ?? character;
      if (!/^(?:0x[0-9a-f]+|0b[01]+|[0-9][0-9_]*(?:e[0-9]*)?)$/i.test(number)) return 'a name that begins with a digit';
      tokens.push({ type: 'Number', text: number, start });
      i += number.length;
    } else if (/[(),.;*=<>!+\-/%|:?[\]{}@^&]/.test(character)) {
      tokens.push({ type: 'Mark', text: character, start });
      i += 1;
    } else {
      return `"${character}" outside of quotes`;
    }
  }
  return tokens;
}

/** Longer words than that are no name of anything; cut in two they are refused as such. */
const maxWord = 512;

/** ClickHouse escapes by backslash and by doubling; both are skipped. */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let i = start + 1; i < text.length; i += 1) {
    if (text.charAt(i) === '\\') i += 1;
    else if (text.charAt(i) === quote) {
      if (text.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  return undefined;
}
