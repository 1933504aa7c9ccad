import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Holds every process and folder of a stack on a leash: a small process of its own that listens on a pipe from us. When
 * the pipe closes, however we died (`kill -9` included), it ends what is still registered and removes the folder.
 */
export interface Leash {
  /** A process group to end with us. */
  hold(pid: number): void;
  /** It has ended by itself: its number may soon be somebody else's. */
  letGo(pid: number): void;
  /** Lets the leash go without it doing anything more. Call when everything is ended and removed. */
  release(): Promise<void>;
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
  return {
    hold: (pid) => send({ hold: pid }),
    letGo: (pid) => send({ letGo: pid }),
    async release() {
      child.ref();
      send({ release: true });
      child.stdin.end();
      await ended;
    },
  };
}
