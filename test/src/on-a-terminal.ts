import {
  findPython,
  inRepository,
  type RunningCommand,
  type RunOptions,
  type Stack,
  type User,
} from '@holdpoint/local';

const python = findPython();

/** What the machine lacks to run something on a terminal; undefined for nothing. Node has no terminals to give. */
export const missingTerminal: string | undefined = 'missing' in python ? python.missing : undefined;

/**
 * Runs a command as somebody at a terminal does: it is its input, its output and its error output. What is shown there is the
 * result's `stdout`, lines ending as a terminal has them.
 *
 * @param interruptFile Ctrl-C is pressed once it is there
 */
export function startOnTerminal(
  stack: Stack,
  user: User,
  command: readonly [string, ...string[]],
  { interruptFile = '/nowhere', ...options }: RunOptions & { interruptFile?: string } = {},
): RunningCommand {
  if ('missing' in python) throw new Error(`this machine lacks ${python.missing}`);
  const program = inRepository('test', 'src', 'on-a-terminal.py');
  return stack.start(python.executable, user, [program, interruptFile, ...command], options);
}
