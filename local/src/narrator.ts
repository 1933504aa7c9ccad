import colors from 'picocolors';

/** One thing that was checked, and whether it held. */
export interface Check {
  what: string;
  held: boolean;
}

/** Tells a reader what happens, as it happens. */
export interface Narrator {
  title(text: string): void;
  /** A paragraph of why. */
  say(text: string): void;
  /** A command as its user would type it. */
  command(user: string, line: string): void;
  /** What came back, cut to what a reader reads. */
  output(text: string): void;
  check(check: Check): void;
}

const maxOutputLines = 24;

/** Writes to `out`; colours only where `coloured`. */
export function createNarrator(out: { write(text: string): unknown }, coloured: boolean): Narrator {
  const { bold, cyan, dim, green, red } = colors.createColors(coloured);
  const line = (text: string): void => void out.write(`${text}\n`);
  return {
    title: (text) => line(`\n${bold(text)}`),
    say: (text) => line(wrap(text, 100).map(dim).join('\n')),
    command: (user, text) => line(`${cyan(`${user} $`)} ${text}`),
    output(text) {
      const lines = text.trimEnd().split('\n');
      for (const each of lines.slice(0, maxOutputLines)) line(`    ${each}`);
      if (lines.length > maxOutputLines) line(dim(`    … ${String(lines.length - maxOutputLines)} more lines`));
    },
    check: ({ what, held }) => line(held ? `  ${green('✓')} ${what}` : `  ${red('✗')} ${what}`),
  };
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(/\s+/)) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}
