import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** What a cached build depends on: the same key, the same binaries. */
export interface CacheKeyInput {
  /** Contents of the modules' go.mod and go.sum, and whatever else goes in. */
  contents: readonly string[];
  flags: readonly string[];
  /** `linux-x64`. */
  platform: string;
}

/** A short name for a build, safe as a folder. */
export function cacheKeyOf({ contents, flags, platform }: CacheKeyInput): string {
  const hash = createHash('sha256');
  for (const part of [...contents, ...flags, platform]) hash.update(`${String(part.length)}:${part}`);
  return `${platform}-${hash.digest('hex').slice(0, 16)}`;
}

/** Outside the repository, so that a fresh clone need not build again. */
export function cacheRootOf(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const own = env['HOLDPOINT_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(home, '.cache'), 'holdpoint');
}
