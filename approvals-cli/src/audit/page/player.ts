import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** asciinema's player, as it is shipped for pages without a build. */
export function readPlayer(): { script: string; style: string } {
  const read = (file: string): string =>
    readFileSync(fileURLToPath(import.meta.resolve(`asciinema-player/dist/bundle/${file}`)), 'utf8');
  return { script: read('asciinema-player.min.js'), style: read('asciinema-player.css') };
}
