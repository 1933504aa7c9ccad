import { HoldpointError } from '@holdpoint/core';

/** One API server process. */
export interface ApiServerAddress {
  /** host:port, by which the record names it. */
  name: string;
  /** Without a slash at the end. */
  url: string;
}

/**
 * Reads `--apiserver-metrics`: `none`, `kubernetes` (the API server of the kubeconfig), or URLs.
 *
 * @param own the URL in the kubeconfig
 * @throws HoldpointError ERR_CONFIG_INVALID naming the entry
 */
export function apiServersOf(flag: string, own: string): ApiServerAddress[] {
  if (flag === 'none') return [];
  const entries = (flag === 'kubernetes' ? own : flag).split(',').map((entry) => entry.trim());
  const servers = entries.map((entry) => {
    const url = URL.canParse(entry) ? new URL(entry) : undefined;
    // Our token goes there: never in the clear.
    if (url?.protocol !== 'https:' || url.username !== '' || url.search !== '' || url.hash !== '') {
      throw invalid(`"${entry}" is neither none, nor kubernetes, nor an https URL such as https://10.0.0.1:6443`);
    }
    return { name: url.host, url: `${url.origin}${url.pathname.replace(/\/$/, '')}` };
  });
  const twice = servers.find(({ name }, i) => servers.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw invalid(`${twice.name} is named twice, and its events would count twice`);
  return servers;
}

function invalid(what: string): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', `--apiserver-metrics: ${what}`);
}
