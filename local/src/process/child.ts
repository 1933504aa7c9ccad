import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { HoldpointError } from '@holdpoint/core';
import type { Leash } from './leash.ts';

export interface ChildOptions {
  /** For messages: `etcd`. */
  name: string;
  command: string;
  args: readonly string[];
  /** Both of its outputs are appended here. */
  logFile: string;
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Nothing of it is kept: `stop` kills it, and nobody waits. @default false */
  disposable?: boolean;
  /** How long it may take to end after SIGTERM. @default 5000 */
  graceMs?: number;
}

/** A process of a stack, in a process group of its own. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** SIGTERM, then SIGKILL after its grace. Resolves when it has ended. */
  stop(): Promise<void>;
  kill(): void;
}

const defaultGraceMs = 5_000;

/**
 * Starts a process on the leash.
 *
 * @throws HoldpointError ERR_STACK_FAILED when it cannot be started at all, or the stack is closing
 */
export function startChild(options: ChildOptions, leash: Leash): Child {
  leash.assertHolding(options.name);
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env, ...leash.mark },
    cwd: options.cwd,
  });
  closeSync(log);
  const end = endOf(child);
  const { pid } = child;
  if (pid === undefined) {
    throw new HoldpointError('ERR_STACK_FAILED', `${options.name}: ${options.command} could not be started`);
  }
  const ended = end.then(() => {
    // What it has started (a terminal in a pod, say) is in its group, and ends with it.
    signalGroup(pid, 'SIGKILL');
    leash.letGo(pid);
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    signalGroup(pid, name);
  };
  const started: Child = {
    name: options.name,
    pid,
    logFile: options.logFile,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      signal(options.disposable === true ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => signal('SIGKILL'), options.graceMs ?? defaultGraceMs);
      await ended;
      clearTimeout(timer);
    },
    kill: () => signal('SIGKILL'),
  };
  leash.hold(started);
  return started;
}

/** Signals a process and all that it has started. That there is none any more is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended a moment ago.
  }
}

/** The last lines of a log, for an error message. */
export function tailOf(file: string, lines = 15): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}
