import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { AuditSink } from './audit-sink.ts';

export interface Asked {
  /** @default POST */
  method?: string;
  /** Path and query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

export interface AskedAnswer {
  code: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
  text: string;
  /** False when the connection was broken off before the end. */
  complete: boolean;
}

/** One request as it stands, without a token of its own. */
export function askSink(
  sink: AuditSink,
  { method = 'POST', path, headers = {}, body = '' }: Asked,
): Promise<AskedAnswer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, ca: readFileSync(sink.caFile), agent: false };
    const sent = request(`${sink.url}${path}`, options, (answer) => {
      const parts: Buffer[] = [];
      const done = (): void => {
        const all = Buffer.concat(parts);
        const { statusCode = 0, headers: got, complete } = answer;
        resolve({ code: statusCode, headers: got, body: all, text: all.toString('utf8'), complete });
      };
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', done);
      answer.on('end', done);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function bearer(sink: AuditSink): Record<string, string> {
  return { authorization: `Bearer ${sink.queryToken}` };
}
