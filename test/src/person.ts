import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** Somebody at a browser, as far as HTTP goes: keeps cookies, follows redirects, fills in the forms that are shown. */
export interface Person {
  /**
   * Opens an address and fills in form after form, until a page has none, or the browser is sent to plain http (as the CLI's own
   * listener is), which is given back.
   */
  visit(url: URL, fill: Readonly<Record<string, string>>): Promise<{ page: string; leftFor: URL | undefined }>;
}

/** More pages than any login has. */
const maxPages = 20;

/** @param ca of every https server that is visited */
export function createPerson(ca: string): Person {
  const cookies = new Map<string, string>();
  const ask = async (url: URL, form?: URLSearchParams): Promise<{ code: number; location: string; page: string }> => {
    const body = form?.toString();
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const headers = {
        cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      };
      const sent = request(url, { method: body === undefined ? 'GET' : 'POST', ca, headers, agent: false }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return { code: answer.statusCode ?? 0, location: answer.headers.location ?? '', page: await text(answer) };
  };
  return {
    async visit(url, fill) {
      let at = url;
      let form: URLSearchParams | undefined;
      for (let pages = 0; pages < maxPages; pages += 1) {
        const { location, page } = await ask(at, form);
        form = undefined;
        if (location !== '') {
          at = new URL(location, at);
          if (at.protocol === 'http:') return { page, leftFor: at };
          continue;
        }
        const action = formIn(page);
        if (action === undefined) return { page, leftFor: undefined };
        form = filledIn(page, fill);
        at = new URL(action, at);
      }
      throw new Error(`more than ${String(maxPages)} pages, the last being ${at.pathname}`);
    },
  };
}

/** Where a page's form goes; undefined for a page without one. */
function formIn(page: string): string | undefined {
  const form = /<form\b[^>]*>/.exec(page)?.[0];
  return form === undefined ? undefined : (/\baction="([^"]*)"/.exec(form)?.[1] ?? '');
}

function filledIn(page: string, fill: Readonly<Record<string, string>>): URLSearchParams {
  const form = new URLSearchParams();
  for (const [input] of page.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    const value = /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '';
    if (name !== undefined) form.set(name, fill[name] ?? value);
  }
  return form;
}
