import type { ClickHouse, ClickHouseReader } from './clickhouse.ts';

/** Opens the embedded store on a folder. The library behind it is half a gigabyte: only who asks for it loads it. */
export async function openEmbedded(
  folder: string,
): Promise<{ writer: ClickHouse; reader: () => Promise<ClickHouseReader> }> {
  const { openChdb } = await import('./chdb.ts');
  return await openChdb(folder);
}
