/** One command of a family, run both ways at once. In its words `{ns}` is the way's own namespace, `{way}` its own name. */
export interface Command {
  words: readonly string[];
  input?: string;
  env?: Readonly<Record<string, string>>;
  /** Runs until all of these have been printed, and is then ended: a watch, a log that is followed. */
  until?: readonly string[];
  /** Its lines come in no order: helm walks a map. */
  unordered?: true;
  /** Any but kubectl and helm is given no namespace by a flag. @default kubectl */
  program?: string;
}

/** What the two ways of a family share: commands that run one after the other, in a namespace of each way's own. */
export interface Family {
  family: string;
  /** Nothing lies in its namespaces before its commands run. @default false */
  isEmpty?: true;
  commands: readonly Command[];
}

/** Of a command without quotes, its words stand between spaces. */
export function command(line: string, more: Omit<Command, 'words'> = {}): Command {
  return { words: line.split(' '), ...more };
}

export function commandOf(words: readonly string[], more: Omit<Command, 'words'> = {}): Command {
  return { words, ...more };
}

/** With an object, or what is none, on standard input. */
export function withInput(line: string, input: object | string): Command {
  return command(line, { input: typeof input === 'string' ? input : JSON.stringify(input) });
}

/** As a row is called. */
export function titleOf({ program = 'kubectl', words, input, env = {} }: Command): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  const text = input === undefined ? '' : ` <<< ${input}`;
  return `${settings.join('')}${program} ${words.join(' ')}${text}`.replaceAll('\n', '⏎').slice(0, 160);
}
