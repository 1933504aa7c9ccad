import { spawn } from 'node:child_process';
import { signalGroup } from './child.ts';
import type { Leash } from './leash.ts';

/** What a command printed, and how it ended. */
export interface CommandResult {
  /** -1 when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that is still running, or was. */
export interface RunningCommand {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  stdout(): string;
  stderr(): string;
  ended(): boolean;
  /** Resolves when it has ended, however. */
  finished: Promise<CommandResult>;
  kill(): void;
}

export interface RunOptions {
  /** For standard input; without it there is none. */
  input?: string;
  /** @default 120000 */
  timeoutMs?: number;
  env?: Readonly<Record<string, string>>;
}

const defaultTimeoutMs = 120_000;

/**
 * Starts a command in a process group of its own, and collects what it prints. `finished` never rejects: an exit code is an
 * answer.
 *
 * @param leash of the stack that it ends with; without one, it ends when it ends
 * @throws HoldpointError ERR_STACK_FAILED when the stack is closing
 */
export function startCommand(
  command: string,
  args: readonly string[],
  options: RunOptions & { cwd?: string } = {},
  leash?: Leash,
): RunningCommand {
  leash?.assertHolding(command);
  const env = { ...process.env, ...options.env, ...leash?.mark };
  const child = spawn(command, args, { env, cwd: options.cwd, stdio: 'pipe', detached: true });
  const { pid } = child;
  const signal = (name: NodeJS.Signals): void => {
    if (pid !== undefined && child.exitCode === null && child.signalCode === null) signalGroup(pid, name);
  };
  let stdout = '';
  let stderr = '';
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // A command that reads no input may close it before we have written it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const timer = setTimeout(() => signal('SIGKILL'), options.timeoutMs ?? defaultTimeoutMs);
  const finished = new Promise<CommandResult>((resolve) => {
    const end = (code: number | null): void => {
      ended = true;
      if (pid !== undefined) leash?.letGo(pid);
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    };
    child.once('error', (error) => {
      stderr += error.message;
      end(null);
    });
    child.once('close', end);
  });
  if (pid !== undefined) {
    const stop = async (): Promise<void> => {
      signal('SIGKILL');
      await finished;
    };
    leash?.hold({ pid, stop });
  }
  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    ended: () => ended,
    finished,
    kill: () => signal('SIGTERM'),
  };
}
