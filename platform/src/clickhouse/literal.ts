/** A ClickHouse string literal. Source: https://clickhouse.com/docs/sql-reference/syntax#string */
export function stringLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
