import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';

/** Upgraded connections that are open. The HTTP server knows nothing of them any more, and would wait for them for ever. */
export interface OpenSockets {
  /** Counts a socket until it closes, and has the kernel notice a peer that is gone without a word. */
  add(socket: Duplex): void;
  destroyAll(): void;
  /** How many are open. */
  count(): number;
}

/** Nothing is closed for being idle; a peer that no longer answers the kernel is another matter. */
const keepAliveProbeMs = 30_000;

export function createOpenSockets(): OpenSockets {
  const open = new Set<Duplex>();
  return {
    add(socket) {
      open.add(socket);
      if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveProbeMs).setNoDelay(true);
      socket.on('close', () => open.delete(socket));
    },
    destroyAll() {
      for (const socket of open) socket.destroy();
    },
    count: () => open.size,
  };
}
