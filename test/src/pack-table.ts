import type { Pack } from './policy-packs.ts';

const words = { Allow: 'allowed', Hold: 'held', Deny: 'refused' } as const;

/** A pack's table as docs/howto/policies.md shows it: a row each, the columns as wide as their widest. */
export function packTable({ rows }: Pack): string {
  const cells = [
    ['request', 'outcome', 'decided by'],
    ...rows.map(({ what, want, rule }) => [what, words[want], rule === 'default' ? 'the default' : `\`${rule}\``]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill = ' '): string =>
    `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width, fill)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line([], '-'), ...body.map((row) => line(row))].join('\n');
}
