import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Values that nothing else on earth contains, planted to be searched for. */
export interface Canaries {
  /** One of its own for each place. Long enough, and mixed enough, to be a password; of characters that need no escape. */
  plant(place: string): string;
  /** One that somebody else made. */
  plantAs(place: string, value: string): void;
  readonly planted: ReadonlyMap<string, string>;
}

export function createCanaries(seed: string): Canaries {
  const planted = new Map<string, string>();
  return {
    planted,
    plantAs: (place, value) => void planted.set(place, value),
    plant(place) {
      const value = `Cnry${createHash('sha256').update(`${seed}/${place}`).digest('base64url').replace(/[-_]/g, 'x').slice(0, 24)}`;
      planted.set(place, value);
      return value;
    },
  };
}

/** Every form in which a value may lie on a disk: plain (also what JSON and URLs make of it), hex, base64 at each alignment. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // Without the characters that the neighbours have a say in.
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  const twice = base64.slice(0, 1).map((text) => Buffer.from(text.slice(0, 24)).toString('base64').slice(0, 30));
  const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), bytes.toString('hex')];
  return [...new Set([...forms, bytes.toString('hex').toUpperCase(), ...base64, ...twice])];
}

/** Which of the values, in any of their forms, lie in these bytes: one line each, with what stands around the first. */
export function foundIn(bytes: Buffer, planted: ReadonlyMap<string, string>): string[] {
  return [...planted].flatMap(([place, value]) =>
    formsOf(value)
      .filter((form) => bytes.includes(form))
      .map((form) => {
        const at = bytes.indexOf(form);
        return `${place}: …${bytes.subarray(Math.max(0, at - 120), at + form.length + 20).toString('latin1')}…`;
      }),
  );
}

/** All bytes of all files below a folder. */
export function bytesBelow(folder: string): Buffer {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => {
        try {
          return readFileSync(join(entry.parentPath, entry.name));
        } catch {
          return Buffer.alloc(0); // A part that has just been merged away; what was in it is in another.
        }
      }),
  );
}
