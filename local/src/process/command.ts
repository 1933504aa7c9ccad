import { spawn } from 'node:child_process';

/** What a command printed, and how it ended. */
export interface CommandResult {
  /** -1 when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that is still running, or was. */
export interface RunningCommand {
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

/** Starts a command and collects what it prints. Never rejects: an exit code is an answer. */
export function startCommand(
  command: string,
  args: readonly string[],
  options: RunOptions & { cwd?: string } = {},
): RunningCommand {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, cwd: options.cwd, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // A command that reads no input may close it before we have written it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? defaultTimeoutMs);
  const finished = new Promise<CommandResult>((resolve) => {
    const end = (code: number | null): void => {
      ended = true;
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    };
    child.once('error', (error) => {
      stderr += error.message;
      end(null);
    });
    child.once('close', end);
  });
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    ended: () => ended,
    finished,
    kill: () => void child.kill('SIGTERM'),
  };
}
