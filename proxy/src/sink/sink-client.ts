import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';

export interface SinkClientOptions {
  /** Of the endpoint, whole. */
  url: string;
  /** PEM file; empty: the system's authorities. */
  caFile: string;
  /** Read for every POST: tokens rotate. Empty: none is sent. */
  tokenFile: string;
}

/** Posts JSON to the audit sink; resolves with the answer's code. Rejects when there is no answer within ten seconds. */
export type PostToSink = (body: Buffer) => Promise<number>;

const answerTimeoutMs = 10_000;
const idleMs = 60_000;

export function createSinkClient(options: SinkClientOptions): PostToSink {
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const ca = options.caFile === '' ? {} : { ca: readFileSync(options.caFile) };
  const agent = secure ? new Agent({ keepAlive: true, timeout: idleMs, ...ca }) : undefined;

  return async (body) => {
    const { tokenFile } = options;
    const authorization = tokenFile === '' ? {} : { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length), ...authorization };
    return await new Promise((resolve, reject) => {
      const send = secure ? httpsRequest : httpRequest;
      const outgoing = send(url, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) }, (answer) => {
        answer.resume();
        answer.on('error', reject);
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      });
      outgoing.setTimeout(answerTimeoutMs, () => outgoing.destroy(new Error('the audit sink does not answer')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
}
