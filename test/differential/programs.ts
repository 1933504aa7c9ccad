import { findPython, inRepository, resolvePythonPackages } from '@holdpoint/local';
import { commandOf, type Command } from './command.ts';

const program = (name: string): string => inRepository('test', 'differential', 'programs', name);
const python = findPython();

/** What this machine lacks for the Python client; undefined when it has all. */
export const missingPython: string | undefined = 'missing' in python ? python.missing : undefined;

/** On client-node: found beside the program. */
export const byClientNode: Command = commandOf([program('calls.ts'), '{ns}'], { program: process.execPath });

/** On the Python client, whose packages are installed once. @throws Error when there is no Python */
export async function byPython(): Promise<Command> {
  if ('missing' in python) throw new Error(`this machine lacks ${python.missing}`);
  const requirements = inRepository('test', 'e2e', 'clients', 'requirements.txt');
  const signal = new AbortController().signal;
  const packages = await resolvePythonPackages(python, requirements, (text) => console.log(text), signal);
  return commandOf([program('calls.py'), '{ns}'], { program: python.executable, env: { PYTHONPATH: packages } });
}
