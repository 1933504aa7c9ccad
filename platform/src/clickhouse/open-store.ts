import type { ClickHouse, ClickHouseReader } from './clickhouse.ts';
import type { ServerOptions } from './server.ts';

/** A store that is open: one side writes, the other answers questions. */
export interface OpenStore {
  writer: ClickHouse;
  reader: () => Promise<ClickHouseReader>;
}

/** Opens the embedded store on a folder. The library behind it is half a gigabyte: only who asks for it loads it. */
export async function openEmbedded(folder: string): Promise<OpenStore> {
  const { openChdb } = await import('./chdb.ts');
  return await openChdb(folder);
}

/** Opens a store on a server. Rejects while that does not answer. */
export async function openRemote(options: ServerOptions): Promise<OpenStore> {
  const { openServer } = await import('./server.ts');
  return await openServer(options);
}
