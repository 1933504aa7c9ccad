/**
 * How a request gets to the API server: by itself; through a Node server that does nothing to it; through `kubectl proxy`;
 * through a Go reverse proxy that checks the token and impersonates (test/bench/go-proxy); through Holdpoint.
 */
export type ProxyArm = 'direct' | 'pass-through' | 'kubectl-proxy' | 'go-proxy' | 'holdpoint';

export const proxyArms: readonly ProxyArm[] = ['direct', 'pass-through', 'kubectl-proxy', 'go-proxy', 'holdpoint'];

/** One of them, running. */
export interface RunningArm {
  url: string;
  /** Empty: none is sent, as with `kubectl proxy`, which has credentials of its own. */
  token: string;
  /** Of what stands in between; undefined for `direct`. */
  pid?: number;
}
