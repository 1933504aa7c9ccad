import { maskItem, mayBeCustom, type AnswerMasking, type JsonValue, type Mask } from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer } from '../upstream/api-server.ts';
import { upstreamHeaders } from '../upstream/impersonation.ts';

export interface QuotingRefusalParts {
  apiServer: Pick<ApiServer, 'send'>;
  mask: Mask;
}

/** An object is at most 1.5 MiB in etcd; escapes and managedFields have room. */
const maxObjectBytes = 16 * 1_048_576;

/**
 * True when a refused write's message may quote a value that nothing would find there. A rule in somebody's own definition may
 * print any field of what is stored, in its own words (`messageExpression`); so the object is read, in the client's own name,
 * and where something in it is masked the message is not passed on. So too where it cannot be read: nobody knows then.
 */
export async function mayQuoteMasked(
  { apiServer, mask }: QuotingRefusalParts,
  request: ProxyRequest,
  how: AnswerMasking,
  code: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { info } = request;
  // A create is refused for what the client sent.
  const isChange = info.verb === 'update' || info.verb === 'patch';
  if (!isChange || !isRefusalOfContent(code) || how.detectors !== 'all' || !mayBeCustom(info)) return false;
  const headers = upstreamHeaders(request, {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'content-type': undefined,
  });
  const answer = await apiServer.send({ method: 'GET', url: pathOf(request), headers, signal });
  const body = await readBody(answer, maxObjectBytes);
  if (answer.statusCode === 404) return false;
  if (answer.statusCode !== 200) return true;
  try {
    const object = JSON.parse(body.toString('utf8')) as JsonValue;
    return maskItem(object, mask, how) !== object;
  } catch {
    return true; // Neither JSON nor anything else that could be looked through.
  }
}

/** Schemas and rules answer 422, what cannot be decoded 400, policies what they were told to: 403 mostly. */
function isRefusalOfContent(code: number): boolean {
  return code === 400 || code === 403 || code === 422;
}

/** Of a subresource, the object: it is what a rule sees. */
function pathOf({ url, info }: ProxyRequest): string {
  const [path = ''] = url.split('?', 1);
  return info.subresource === '' ? path : path.slice(0, path.lastIndexOf('/'));
}
