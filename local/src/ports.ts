import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

import { HoldpointError } from '@holdpoint/core';

/** Below Linux's ephemeral range (32768…), so that no outgoing connection ever sits on a port of ours. */
const lowestPort = 20_000;
const blockSize = 16;
const blocks = 780;

/** A run of loopback ports that no other stack on this machine will take while this one lives. */
export interface PortBlock {
  /** The next port of the block. */
  take(): number;
  release(): Promise<void>;
}

/**
 * Reserves a block of free ports. The first port of the block is listened on for as long as the block is held: that is
 * the reservation. The kernel makes it atomic between stacks that start at the same moment, and gives it back however
 * we die; asking for port 0 and closing again would hand the same port to two stacks.
 *
 * @throws ERR_STACK_FAILED when no block is free
 */
export async function reservePorts(): Promise<PortBlock> {
  const first = randomInt(blocks);
  for (let attempt = 0; attempt < blocks; attempt += 1) {
    const base = lowestPort + ((first + attempt) % blocks) * blockSize;
    const guard = await listen(base);
    if (guard === undefined) continue;
    if (await allFree(base + 1, blockSize - 1)) return createBlock(base, guard);
    await close(guard);
  }
  throw new HoldpointError(
    'ERR_STACK_FAILED',
    `ports: no ${String(blockSize)} free ports in a row on 127.0.0.1 from ${String(lowestPort)}`,
  );
}

function createBlock(base: number, guard: Server): PortBlock {
  guard.unref();
  let taken = 0;
  return {
    take() {
      taken += 1;
      if (taken >= blockSize) throw new HoldpointError('ERR_STACK_FAILED', 'ports: the block is used up');
      return base + taken;
    },
    release: () => close(guard),
  };
}

async function allFree(from: number, count: number): Promise<boolean> {
  for (let port = from; port < from + count; port += 1) {
    const server = await listen(port);
    if (server === undefined) return false;
    await close(server);
  }
  return true;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
