import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Holds every process and folder of a stack on a leash: a small process of its own that listens on a pipe from us. When
 * the pipe closes, however we died (`kill -9` included), it ends what is still registered and removes the folder.
 */
export interface Leash {
  /** A process group to end with us. */
  hold(process: Held): void;
  /** It has ended by itself: its number may soon be somebody else's. */
  letGo(pid: number): void;
  /** Ends everything that is still held, the newest first: what watches the API server goes before it does. */
  stopAll(): Promise<void>;
  /** Lets the leash go without it doing anything more. Call when everything is ended and removed. */
  release(): Promise<void>;
}

/** A process that can be ended in good order. */
export interface Held {
  readonly pid: number;
  stop(): Promise<void>;
}

/** What goes down the pipe, a JSON line each. */
export type LeashMessage = { hold: number } | { letGo: number } | { release: true };

/** @param folder removed when we die */
export function createLeash(folder: string): Leash {
  // Detached, so that Ctrl-C in the terminal, which goes to the whole process group, does not end the leash before us.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leash-process.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // The leash itself may be killed; then there is nothing to write to, and nobody to tell.
  child.stdin.on('error', () => undefined);
  child.unref();
  const send = (message: LeashMessage): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const held = new Map<number, Held>();
  return {
    hold(process) {
      held.set(process.pid, process);
      send({ hold: process.pid });
    },
    letGo(pid) {
      held.delete(pid);
      send({ letGo: pid });
    },
    async stopAll() {
      for (const process of [...held.values()].reverse()) await process.stop();
    },
    async release() {
      child.ref();
      send({ release: true });
      child.stdin.end();
      await ended;
    },
  };
}
