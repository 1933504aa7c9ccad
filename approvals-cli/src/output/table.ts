import Table from 'cli-table3';

const blank = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '', right: '', middle: '   ' };
const noLines = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
const noCorners = { 'bottom-left': '', 'bottom-right': '' };

/** Columns as kubectl prints them: capital headers, three spaces, no lines. Control characters cannot move the cursor. */
export function printTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: { headers?: boolean } = {},
): string {
  const table = new Table({
    head: options.headers === false ? [] : [...headers],
    chars: { ...blank, ...noLines, ...noCorners },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map(toCell)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/**
 * One line of text. What an agent wrote (a name, a command, a reason) must not be able to draw on an approver's terminal,
 * nor to begin a line of its own there.
 */
export function toPrintable(text: string): string {
  return text.replace(/[^\P{C}\t]|[\u2028\u2029]/gu, '\uFFFD');
}

/** An RFC 1123 subdomain, the longest name that most kinds may have, is 253; a session or a user from elsewhere may be any. */
const widestCell = 253;

/** As toPrintable, and no wider than what a name may be: one cell must not push the others out of sight. */
function toCell(text: string): string {
  const printable = toPrintable(text);
  return printable.length <= widestCell ? printable : `${printable.slice(0, widestCell - 1)}…`;
}
