/** One term of a field selector. */
export interface FieldTerm {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/**
 * Reads a field selector as the API server does: a backslash takes a comma's or an equals sign's meaning away, and spaces
 * belong to what they stand beside. Source: apimachinery fields/selector.go, parseSelector.
 *
 * @returns undefined for what the API server cannot read either: it answers such a list with 400
 */
export function parseFieldSelector(selector: string): FieldTerm[] | undefined {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(selector)) {
    if (part === '') continue;
    const [, field, sign, escaped] = /^([^]*?)(!=|==|=)([^]*)$/.exec(part) ?? [];
    const value = escaped === undefined ? undefined : unescape(escaped);
    if (field === undefined || value === undefined) return undefined;
    terms.push({ field, operator: sign === '!=' ? '!=' : '=', value });
  }
  return terms;
}

/** The values that `field` must have, each once: two of them, and nothing meets the selector. */
export function requiredValues(terms: readonly FieldTerm[], field: string): string[] {
  const asked = terms.filter((term) => term.field === field && term.operator === '=');
  return [...new Set(asked.map(({ value }) => value))];
}

function splitTerms(selector: string): string[] {
  const terms: string[] = [];
  let from = 0;
  for (let at = 0; at < selector.length; at += 1) {
    if (selector[at] === '\\') at += 1;
    else if (selector[at] === ',') {
      terms.push(selector.slice(from, at));
      from = at + 1;
    }
  }
  return [...terms, selector.slice(from)];
}

function unescape(text: string): string | undefined {
  return /^(?:[^\\,=]|\\[\\,=])*$/u.test(text) ? text.replace(/\\(.)/gu, '$1') : undefined;
}
