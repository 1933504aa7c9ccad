import { toPrintable } from '../../output/table.ts';

/** Text between tags or within a quoted attribute; what turns text around, or draws, is shown as `�`. */
export function escapeHtml(text: string): string {
  return toPrintable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** JSON within a script element: without a `<` nothing in it can end the element, nor begin a comment that hides its end. */
export function embedJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
