import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeConfig } from '@kubernetes/client-node';
import { HoldpointError, isFailureStatus, messageOf } from '@holdpoint/core';
import { readBody } from '../http/body.ts';
import { KubeApiError } from './client.ts';

export interface RawGet {
  query?: Readonly<Record<string, string>>;
  /** @default application/json */
  accept?: string;
}

/** Any path of the API server, in any of its representations: Tables, metadata, discovery, watches. */
export interface RawClient {
  /** @throws KubeApiError, or HoldpointError ERR_UPSTREAM_UNAVAILABLE when nobody answers */
  get(path: string, options?: RawGet): Promise<unknown>;
  /** The lines of a watch, until the server or `signal` ends it. Throws as `get` does. */
  lines(path: string, options: RawGet & { signal: AbortSignal }): AsyncGenerator<string>;
}

/** A list of everything that a cluster serves is the largest answer there is: some MiB for thousands of rows. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** kubectl waits for ever; a person at a terminal has given up by then. Watches have no such end. */
const timeoutMs = 60_000;

/** A client for `config`, with its credentials whatever their kind. Holds no state. */
export function createRawClient(config: KubeConfig): RawClient {
  const open = async (path: string, { query = {}, accept }: RawGet, signal?: AbortSignal): Promise<IncomingMessage> => {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new HoldpointError('ERR_CONFIG_INVALID', 'the kubeconfig has no current cluster');
    const url = new URL(`${cluster.server.replace(/\/$/, '')}${path}`);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const options: RequestOptions = { method: 'GET', headers: { accept: accept ?? 'application/json' } };
    await config.applyToHTTPSOptions(options);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : request;
      const sent = send(url, { ...options, ...(signal === undefined ? { timeout: timeoutMs } : { signal }) }, resolve);
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${String(timeoutMs / 1_000)} s`)));
      sent.on('error', (cause) =>
        reject(new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', `${url.host}: ${messageOf(cause)}`, { cause })),
      );
      sent.end();
    });
    const code = answer.statusCode ?? 0;
    if (code >= 200 && code < 300) return answer;
    const body = parseJson((await readBody(answer, maxAnswerBytes)).toString('utf8'));
    throw new KubeApiError(code, isFailureStatus(body) ? body : undefined, undefined);
  };
  return {
    async get(path, options = {}) {
      const answer = await open(path, options);
      return JSON.parse((await readBody(answer, maxAnswerBytes)).toString('utf8')) as unknown;
    },
    async *lines(path, { signal, ...options }) {
      const answer = await open(path, options, signal);
      yield* createInterface({ input: answer, crlfDelay: Infinity });
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not the API server's own answer: the code alone speaks.
  }
}
