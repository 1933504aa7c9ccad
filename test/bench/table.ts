/** A column: its heading, and what stands in it for a row. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string];

/** A Markdown table, padded so that it reads in a terminal too; every column but the first is set flush right. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)));
  const printed = lines.map((line) =>
    line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))),
  );
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head = [], ...body] = printed;
  return [head, rule, ...body].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** A number with so many decimals; a dash where there is none. */
export function fixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : '–';
}
