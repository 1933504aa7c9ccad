import { dirname, join } from 'node:path';

/** The root of the repository: what `local/` starts lies here as sources, and is run as such. */
export const repositoryRoot = dirname(dirname(import.meta.dirname));

/** A path inside the repository, from its root. */
export function inRepository(...segments: string[]): string {
  return join(repositoryRoot, ...segments);
}
