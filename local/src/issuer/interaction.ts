import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { Provider } from 'oidc-provider';

/**
 * The page on which somebody says who they are: a name and a password, which is that user's secret.
 *
 * @returns a handler that says whether the request was one of its own
 */
export function serveLogin(
  provider: Provider,
  passwords: ReadonlyMap<string, string>,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return false;
    const serve = request.method === 'POST' ? submit(provider, passwords, request, response) : show(response, 200);
    serve.catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(messageOf(error));
    });
    return true;
  };
}

async function submit(
  provider: Provider,
  passwords: ReadonlyMap<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name !== 'login') {
    throw new HoldpointError('ERR_CONFIG_INVALID', `prompt ${prompt.name}: this issuer asks for a login alone`);
  }
  const form = new URLSearchParams(await text(request));
  const name = form.get('name') ?? '';
  if (!isPassword(passwords.get(name), form.get('password') ?? '')) {
    await show(response, 401);
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: name } });
}

function isPassword(expected: string | undefined, given: string): boolean {
  if (expected === undefined || expected.length !== Buffer.byteLength(given)) return false;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

function show(response: ServerResponse, code: 200 | 401): Promise<void> {
  response.writeHead(code, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(
    `<!doctype html><title>Log in</title><form method="post"><h1>${code === 401 ? 'No such user, or another password' : 'Log in'}</h1>` +
      '<p><input name="name" placeholder="name" autofocus><p><input name="password" type="password" placeholder="password">' +
      '<p><button>Log in</button></form>',
  );
  return Promise.resolve();
}
