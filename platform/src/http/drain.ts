import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { closeGracefully } from './https-server.ts';

/** A server's way to end without any client's noticing. */
export interface Drain {
  /** True once `run` was called: what `/readyz` answers 503 for. */
  isDraining(): boolean;
  /** Resolves when nobody is connected any more. */
  run(): Promise<void>;
}

export interface DrainOptions {
  /** How long it goes on serving as if nothing were, while the news spreads that it is not ready. */
  delayMs: number;
  /** How long requests under way may then take. */
  graceMs: number;
  /** Called between the two: the moment to send on what would wait for longer. @default nothing does */
  onClosing?: () => void;
  sleep?: (ms: number) => Promise<unknown>;
}

/**
 * Ends a server in the order in which nobody loses a request. First whoever balances learns from `/readyz` that it is to
 * send nobody here; until it has, new connections are still accepted and answered. Every answer meanwhile says
 * `Connection: close`: HTTP's only way to have a client let go of a kept-alive connection at a moment when no request
 * can be on its way. Only then is the listener closed, and what is under way finishes.
 *
 * What remains is a connection on which no request came during the whole delay: it is closed while idle, and a client
 * that sends on it in that very round trip sees it break.
 *
 * Call before the server listens: what it is answering must be known.
 */
export function createDrain(server: Server, { delayMs, graceMs, onClosing, sleep = sleepFor }: DrainOptions): Drain {
  let draining = false;
  const underWay = new Set<ServerResponse>();
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (draining) response.shouldKeepAlive = false;
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  return {
    isDraining: () => draining,
    async run() {
      draining = true;
      for (const response of underWay) response.shouldKeepAlive = false;
      await sleep(delayMs);
      onClosing?.();
      await closeGracefully(server, graceMs);
    },
  };
}
