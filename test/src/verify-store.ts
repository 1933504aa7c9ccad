import { createHash, verify, type KeyObject } from 'node:crypto';
import {
  chainsStatement,
  chainStatement,
  checkpointsStatement,
  createChainVerifier,
  toChainedRow,
  toCheckpoint,
  type ChainedTable,
  type ChainReport,
  type JsonObject,
} from '@holdpoint/core';

/** Walks every chain of a table, by what the query endpoint answers. */
export async function verifyStore(
  sql: (statement: string) => Promise<string>,
  table: ChainedTable,
  publicKey?: KeyObject,
): Promise<ChainReport[]> {
  const ask = async (statement: string): Promise<JsonObject[]> =>
    (await sql(`${statement} FORMAT JSONEachRow`))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JsonObject);
  const reports: ChainReport[] = [];
  for (const { sink: found, last } of await ask(chainsStatement(table))) {
    const sink = String(found);
    const verifier = createChainVerifier({
      ...{ table, sink, sha256: (text) => createHash('sha256').update(text).digest('hex') },
      checkpoints: (await ask(checkpointsStatement(table, sink))).map(toCheckpoint),
      now: new Date().toISOString().replace('T', ' ').slice(0, 23),
      ...(publicKey === undefined
        ? {}
        : {
            isSigned: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
          }),
    });
    const step = 5_000;
    for (let after = 0; after < Number(last); after += step) {
      const rows = await ask(chainStatement(table, { sink, after, upTo: after + step }));
      for (const row of rows) verifier.row(toChainedRow(table, row));
    }
    reports.push(verifier.end());
  }
  return reports;
}
