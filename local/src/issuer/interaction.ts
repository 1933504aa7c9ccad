import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '@holdpoint/core';
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
    const served =
      request.method === 'POST' ? submit(provider, passwords, request, response) : show(provider, request, response);
    served.catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(messageOf(error));
    });
    return true;
  };
}

/** Consent comes with the login, or, where a browser has logged in before, with a click. */
async function submit(
  provider: Provider,
  passwords: ReadonlyMap<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === 'consent') {
    await provider.interactionFinished(request, response, { consent: {} });
    return;
  }
  const form = new URLSearchParams(await text(request));
  const name = form.get('name') ?? '';
  if (isPassword(passwords.get(name), form.get('password') ?? '')) {
    await provider.interactionFinished(request, response, { login: { accountId: name }, consent: {} });
  } else {
    page(response, 401, 'No such user, or another password', loginFields);
  }
}

async function show(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') page(response, 200, 'Log in', loginFields);
  else page(response, 200, 'Go on as the user who has logged in here?', '');
}

function isPassword(expected: string | undefined, given: string): boolean {
  if (expected === undefined || expected.length !== Buffer.byteLength(given)) return false;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

const loginFields =
  '<p><input name="name" placeholder="name" autofocus><p><input name="password" type="password" placeholder="password">';

function page(response: ServerResponse, code: 200 | 401, title: string, fields: string): void {
  response.writeHead(code, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(
    `<!doctype html><title>Log in</title><form method="post"><h1>${title}</h1>${fields}<p><button>Go on</button></form>`,
  );
}
