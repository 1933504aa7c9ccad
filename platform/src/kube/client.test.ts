import { describe, expect, test } from '@jest/globals';
import { KubeApiError, listPages, type ListPage } from './client.ts';

describe('listPages', () => {
  const pages: Record<string, ListPage> = {
    '': { items: [1, 2], metadata: { continue: 'a' } },
    a: { items: [3], metadata: { continue: '' } },
  };

  test('without a limit: asked once, as a whole', async () => {
    const asked: object[] = [];
    const answer = await listPages({ labelSelector: 'x=y' }, (page) => {
      asked.push(page);
      return Promise.resolve({ items: [1] });
    });
    expect({ answer, asked }).toEqual({ answer: [1], asked: [{ labelSelector: 'x=y' }] });
  });

  test('in pages: to the end, with the same selectors', async () => {
    const asked: object[] = [];
    const answer = await listPages({ fieldSelector: 'f', limit: 2 }, (page) => {
      asked.push(page);
      return Promise.resolve(pages[page._continue ?? ''] ?? { items: [] });
    });
    expect(answer).toEqual([1, 2, 3]);
    expect(asked).toEqual([
      { fieldSelector: 'f', limit: 2 },
      { fieldSelector: 'f', limit: 2, _continue: 'a' },
    ]);
  });

  test('a page that is forgotten: read again in one piece, nothing twice', async () => {
    const answer = await listPages({ limit: 2 }, (page) => {
      if (page._continue !== undefined) return Promise.reject(new KubeApiError(410, undefined, undefined));
      return Promise.resolve(page.limit === undefined ? { items: [1, 2, 3, 4] } : (pages[''] ?? { items: [] }));
    });
    expect(answer).toEqual([1, 2, 3, 4]);
  });

  test.each([
    { situation: 'the first page is refused', code: 410, after: false },
    { situation: 'a later one is refused for another reason', code: 403, after: true },
  ])('$situation: thrown', async ({ code, after }) => {
    const answer = listPages({ limit: 2 }, (page) =>
      after && page._continue === undefined
        ? Promise.resolve(pages[''] ?? { items: [] })
        : Promise.reject(new KubeApiError(code, undefined, undefined)),
    );
    await expect(answer).rejects.toMatchObject({ code });
  });
});
