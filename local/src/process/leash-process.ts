/** The other end of leash.ts: run as a process of its own, with the folder to remove as its only argument. */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LeashMessage } from './leash.ts';

const folder = process.argv[2];
const held = new Set<number>();
let released = false;

// Nothing but the end of the pipe ends the leash: it must outlive whoever is signalled in a terminal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as LeashMessage;
  if ('hold' in message) held.add(message.hold);
  else if ('letGo' in message) held.delete(message.letGo);
  else released = true;
}

if (!released) {
  for (const pid of held) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended before the pipe did.
    }
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
