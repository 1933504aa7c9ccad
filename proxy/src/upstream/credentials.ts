import { Agent } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@holdpoint/platform';

/** Our own way to the API server: where it is, how to know it, how it knows us. */
export interface UpstreamConnection {
  host: string;
  port: number;
  /** In front of every path: an API server behind a prefix. */
  pathPrefix: string;
  /** undefined with a client certificate. */
  authorization?: string;
  /** For ordinary requests: connections are kept and used again. */
  agent: Agent;
  /** For upgrades: a connection of its own. */
  tls: RequestOptions;
}

/** Projected tokens are replaced at 80 % of an hour; certificates by their owner. Either is picked up within this time. */
const refreshMs = 10_000;
/** The API server closes idle connections after 90 s; ours go first, so that none is used while it closes. */
const idleMs = 60_000;
/** A watch or a session may be silent for hours. Where that is because the other machine is gone, the kernel finds out. */
export const keepAliveProbeMs = 30_000;

/** Reads the kubeconfig's credentials again and again. `now` in milliseconds. */
export function createCredentials(config: KubeConfig, now: () => number): () => Promise<UpstreamConnection> {
  const server = new URL(config.getCurrentCluster()?.server ?? '');
  let fresh: Promise<UpstreamConnection> | undefined;
  let readAt = 0;
  let agent: Agent | undefined;
  let agentFor = '';

  const read = async (): Promise<UpstreamConnection> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const tls = { ca, cert, key, servername, rejectUnauthorized: rejectUnauthorized ?? true };
    const described = JSON.stringify([String(ca), String(cert), String(key), servername, rejectUnauthorized]);
    if (agent === undefined || described !== agentFor) {
      // Requests under way keep the old agent until they are done.
      agent = new UpstreamAgent({
        ...{ ...withoutUndefined(tls), keepAlive: true, keepAliveMsecs: keepAliveProbeMs },
        ...{ maxFreeSockets: 256, timeout: idleMs },
      });
      agentFor = described;
    }
    const authorization = (options.headers as Record<string, string> | undefined)?.Authorization?.trim();
    return {
      host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(server.port === '' ? 443 : server.port),
      pathPrefix: server.pathname.replace(/\/$/, ''),
      ...(authorization === undefined ? {} : { authorization }),
      agent,
      tls: withoutUndefined(tls),
    };
  };

  return () => {
    if (fresh === undefined || now() - readAt > refreshMs) {
      readAt = now();
      fresh = read();
      fresh.catch(() => {
        fresh = undefined; // Asked for again by the next request.
      });
    }
    return fresh;
  };
}

/**
 * All of its connections are to one place by one set of credentials. Node would look for a free one by a name made of the whole
 * of these, authorities and keys included, and make that name three times a request.
 */
class UpstreamAgent extends Agent {
  override getName(): string {
    return 'the API server';
  }
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
