import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';

/**
 * Holds every process and folder of a stack on a leash: a small process of its own that listens on a pipe from us. When
 * the pipe closes, however we died (`kill -9` included), it ends what is still registered and removes the folder.
 */
export interface Leash {
  /** For the environment of whatever is started: by this the leash finds what was never reported to it. */
  readonly mark: Readonly<Record<string, string>>;
  /** A process group to end with us. */
  hold(process: Held): void;
  /** It has ended by itself: its number may soon be somebody else's. */
  letGo(pid: number): void;
  /** A file of ours outside the folder, to be removed too; or a folder, if nothing else is in it by then. */
  own(path: string): void;
  /** Call before a process is started. @throws HoldpointError ERR_STACK_FAILED once `refuse` was called */
  assertHolding(name: string): void;
  /** From now on nothing is started: what came too late to be held would be left running. */
  refuse(): void;
  /** Ends everything that is still held, the newest first: what watches the API server goes before it does. */
  stopAll(): Promise<void>;
  /** Has the leash end what may still be held, remove the folder and what is owned, and end itself. */
  release(): Promise<void>;
}

/** A process that can be ended in good order. */
export interface Held {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Set in the environment of every process of a stack, to the stack's folder. */
export const markName = 'HOLDPOINT_LEASH';

/** What goes down the pipe, a JSON line each. */
export type LeashMessage = { hold: number } | { letGo: number } | { own: string };

/** @param folder removed with the leash */
export function createLeash(folder: string): Leash {
  // Detached, so that Ctrl-C in the terminal, which goes to the whole process group, does not end the leash before us.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leash-process.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // The leash itself may be killed; then there is nothing to write to, and nobody to tell.
  child.stdin.on('error', () => undefined);
  child.unref();
  const send = (message: LeashMessage): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const held = new Map<number, Held>();
  let refusing = false;
  return {
    mark: { [markName]: folder },
    hold(process) {
      held.set(process.pid, process);
      send({ hold: process.pid });
    },
    letGo(pid) {
      held.delete(pid);
      send({ letGo: pid });
    },
    own: (path) => send({ own: path }),
    assertHolding(name) {
      if (refusing) throw new HoldpointError('ERR_STACK_FAILED', `${name}: not started, the stack is closing`);
    },
    refuse: () => void (refusing = true),
    async stopAll() {
      for (const process of [...held.values()].reverse()) await process.stop();
    },
    async release() {
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}
