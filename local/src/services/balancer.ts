import { createServer, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One replica behind the balancer. */
export interface Endpoint {
  /** On 127.0.0.1. */
  port: number;
  /** What it says of itself now. */
  isReady(): Promise<boolean>;
}

/** What a Kubernetes Service is to its clients, on one machine. */
export interface Balancer {
  /** Asks every endpoint now; resolves when it is known which of them get new connections. */
  refresh(): Promise<void>;
  /** Ends it, and every connection through it. */
  close(): Promise<void>;
}

/**
 * A kubelet's probe and the controllers behind it take seconds to tell a Service that an endpoint has gone. Local tests
 * need not wait that long, and a quarter of a second still is a time in which connections meet a replica that is ending.
 */
const probeEveryMs = 250;

/**
 * Listens on 127.0.0.1 and passes TCP connections on as a Service does: a new one goes, in turn, to an endpoint that said it
 * was ready when it was last asked; one that is open stays where it is, for as long as both sides want it. With no
 * endpoint ready, or with one that has died since, a connection is refused. Nothing is tried twice: clients must stand
 * what a cluster would do to them.
 */
export async function createBalancer(port: number, endpoints: readonly Endpoint[]): Promise<Balancer> {
  let ready: readonly Endpoint[] = [];
  let turn = 0;
  let closed = false;
  const sockets = new Set<Socket>();

  const refresh = async (): Promise<void> => {
    const answers = await Promise.all(endpoints.map((endpoint) => endpoint.isReady()));
    ready = endpoints.filter((_endpoint, i) => answers[i] === true);
  };
  const own = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
    // A connection that broke on one side is told to the other by ending there; there is nobody else to tell.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const endpoint = ready[turn % Math.max(1, ready.length)];
    turn += 1;
    if (endpoint === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: '127.0.0.1', port: endpoint.port, allowHalfOpen: true });
    own(client, () => upstream);
    own(upstream, () => client);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  const probing = (async () => {
    while (!closed) {
      await refresh();
      await sleep(probeEveryMs, undefined, { ref: false });
    }
  })();
  return {
    refresh,
    async close() {
      closed = true;
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await ended;
      await probing;
    },
  };
}
