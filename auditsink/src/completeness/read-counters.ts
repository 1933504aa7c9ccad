import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { HoldpointError, messageOf, parseApiServerCounters, type ApiServerCounters } from '@holdpoint/core';
import { readBody, type KubeConfig } from '@holdpoint/platform';
import type { ApiServerAddress } from './api-servers.ts';

/** An API server's counters, and where among its events it read them. */
export interface CounterReading extends ApiServerCounters {
  /** Of the question itself, which is audited like any other. */
  auditId: string;
  askedAtMs: number;
  answeredAtMs: number;
}

/**
 * @param signal gives the question up
 * @throws HoldpointError ERR_UPSTREAM_UNAVAILABLE or ERR_METRICS_INVALID naming the API server
 */
export type ReadCounters = (apiServer: ApiServerAddress, signal: AbortSignal) => Promise<CounterReading>;

/** Prometheus gives up after ten seconds; this is asked once a minute, and an API server under load is the interesting one. */
const timeoutMs = 15_000;
/** A large cluster's API server answers some 20 MiB. */
const maxAnswerBytes = 128 * 1024 * 1024;

/** Asks with the credentials of `config`, each time over a connection of its own: a kept one would hide a restart behind it. */
export function createReadCounters(config: KubeConfig, newAuditId: () => string, now: () => number): ReadCounters {
  return async ({ name, url }, signal) => {
    const auditId = newAuditId();
    const options: RequestOptions = { headers: { accept: 'text/plain', 'audit-id': auditId } };
    await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const askedAtMs = now();
    try {
      // The signal ends the reading of the answer too: one that trickles for ever must not stop the rounds.
      const answer = await open(`${url}/metrics`, {
        ...options,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const text = (await readBody(answer, maxAnswerBytes)).toString('utf8');
      if (answer.statusCode !== 200) throw unavailable(`answered ${String(answer.statusCode)}`);
      const told = answer.headers['audit-id'];
      return {
        ...parseApiServerCounters(text),
        // What stands before an API server may have its own idea of it.
        auditId: typeof told === 'string' && told !== '' ? told : auditId,
        askedAtMs,
        answeredAtMs: now(),
      };
    } catch (cause) {
      if (!(cause instanceof HoldpointError)) throw unavailable(`${name}/metrics: ${messageOf(cause)}`, cause);
      throw new HoldpointError(cause.code, `${name}/metrics: ${cause.message}`, { cause, details: cause.details });
    }
  };
}

function open(url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on('error', reject);
    sent.end();
  });
}

function unavailable(what: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', what, { cause });
}
