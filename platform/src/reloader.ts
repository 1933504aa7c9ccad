import { messageOf } from '@holdpoint/core';

/**
 * Kubernetes brings a changed Secret or ConfigMap into a pod within about a minute: ten seconds more are nothing, and small
 * files are cheap to read. Reading, where one might watch, is what works for every way that files are replaced: in place, by
 * rename, or by a symlink two folders up, as a mounted Secret does it.
 */
export const reloadEveryMs = 10_000;

/** Follows what a file says. */
export interface Reloader {
  /** Looks at it once. */
  check(): void;
  /** False while what is there cannot be used, and what was there before is in force. */
  isCurrent(): boolean;
}

export interface ReloaderOptions<Read> {
  /** What is in force. */
  current: Read;
  read: () => Read;
  isSame: (one: Read, other: Read) => boolean;
  /** Puts it in force, or throws and changes nothing. */
  apply: (read: Read) => void;
  onReload: (read: Read) => void;
  /** Told once of each state that cannot be used, not at every look. */
  onFailure: (error: unknown) => void;
}

/** What cannot be read or put in force never replaces what could: half of a change would end a service that works. */
export function createReloader<Read>(options: ReloaderOptions<Read>): Reloader {
  const { read, isSame, apply, onReload, onFailure } = options;
  let current = options.current;
  let lastFailure: string | undefined;
  return {
    isCurrent: () => lastFailure === undefined,
    check() {
      try {
        const found = read();
        if (!isSame(found, current)) {
          apply(found);
          current = found;
          onReload(found);
        }
        lastFailure = undefined;
      } catch (error) {
        if (messageOf(error) !== lastFailure) onFailure(error);
        lastFailure = messageOf(error);
      }
    },
  };
}
