import { isKnownFunction, isReaching, isTableFunction, isWordBeforeBracket } from './statement-functions.ts';
import { tokenize, type Token } from './statement-tokens.ts';

/** Whether a statement may run on the read-only endpoint, and if not, why. */
export type StatementVerdict =
  | {
      allowed: true;
      /** The statement without its FORMAT, and without semicolons and comments behind it. */
      text: string;
      /** The format that it asks for itself. */
      format?: string;
      /** True for SELECT, whose rows can be streamed; false for SHOW, DESCRIBE, EXISTS and EXPLAIN. */
      selects: boolean;
    }
  | { allowed: false; reason: string };

const verbs = ['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'];

/** The database of the record; what clients look at to learn what there is. `default` is a folder of files in the embedded store. */
const ownDatabases: ReadonlySet<string> = new Set(['holdpoint', 'information_schema', 'INFORMATION_SCHEMA']);
/** What clients read to offer names and formats. The rest of `system` tells of users, queries, files and addresses. */
const systemTables: ReadonlySet<string> = new Set([
  ...['one', 'numbers', 'numbers_mt', 'zeros', 'databases', 'tables', 'columns', 'functions', 'table_functions'],
  ...['settings', 'formats', 'data_type_families', 'aggregate_function_combinators', 'time_zones', 'keywords'],
]);
/** Names that mean a database wherever they stand before a dot: a table may be named where nobody expects one. */
const foreignDatabases: ReadonlySet<string> = new Set(['default', 'system', '_temporary_and_external_tables']);

/**
 * Checks one statement by its tokens: one that reads, from tables of ours, by functions that are known to compute and no more.
 * The session that it runs on is read-only besides. This stops what that lets through: `INTO OUTFILE` writes a file even so,
 * functions reach files and networks, and a path can stand where a table's name does.
 */
export function checkStatement(statement: string): StatementVerdict {
  const read = tokenize(statement);
  if (typeof read === 'string') return refuse(read);
  const tokens = [...read];
  while (isMark(tokens.at(-1), ';')) tokens.pop();
  const end = tokens.at(-1);
  const first = tokens.find((token) => !isMark(token, '('));
  if (first === undefined || end === undefined) return refuse('there is no statement');
  if (first.type !== 'Word' || !verbs.includes(first.text.toUpperCase())) {
    return refuse(`it begins with ${first.text.slice(0, 40)}; allowed: ${verbs.join(', ')}`);
  }
  const format = cutFormat(tokens);
  const reason = reasonAgainst(tokens);
  if (reason !== undefined) return refuse(reason);
  const behind = read[tokens.length];
  return {
    allowed: true,
    text: statement.slice(0, behind?.start).trimEnd(),
    ...(format === undefined ? {} : { format }),
    selects: isWord(first, 'SELECT', 'WITH'),
  };
}

function refuse(reason: string): StatementVerdict {
  return { allowed: false, reason };
}

/** Takes `FORMAT name` from the end of the tokens. */
function cutFormat(tokens: Token[]): string | undefined {
  const [before, word, name] = tokens.slice(-3);
  if (!isWord(word, 'FORMAT') || !isName(name) || isMark(before, '.') || isWord(before, 'AS')) return undefined;
  tokens.splice(-2);
  return name.text;
}

function reasonAgainst(tokens: readonly Token[]): string | undefined {
  const word = reasonAgainstWords(tokens);
  if (word !== undefined) return word;
  const start = tokens.findIndex((token) => !isMark(token, '('));
  const verb = tokens[start]?.text.toUpperCase();
  if (verb === 'SHOW' || verb === 'EXISTS' || verb === 'DESCRIBE' || verb === 'DESC') {
    // A bracket behind DESCRIBE opens a query, which is checked as any other.
    const of = tokens.slice(start + (isWord(tokens[start + 1], 'TABLE') ? 2 : 1));
    if (!(verb.startsWith('DESC') && isMark(of[0], '('))) return reasonAgainstLook(tokens);
  }
  if (verb === 'EXPLAIN' && !explains(tokens.slice(start + 1))) return 'EXPLAIN is for SELECT alone';
  return reasonAgainstTables(tokens);
}

/** The few forms of SHOW, EXISTS and DESCRIBE that tell of tables; SHOW has many others. */
const looks =
  /^(?:SHOW DATABASES|SHOW (?:FULL )?TABLES(?: (?:FROM|IN) @)?|SHOW (?:FULL )?(?:COLUMNS|FIELDS) (?:FROM|IN) (?:@\.)?#(?: (?:FROM|IN) @)?|SHOW CREATE (?:TABLE |VIEW )?(?:@\.)?#|EXISTS (?:TABLE |VIEW )?(?:@\.)?#|DESC(?:RIBE)? (?:TABLE )?(?:@\.)?#)(?: (?:NOT )?I?LIKE \?)?(?: LIMIT \d+)?$/i;

function reasonAgainstLook(tokens: readonly Token[]): string | undefined {
  let shape = '';
  for (const [i, token] of tokens.entries()) {
    const [before, next] = [tokens[i - 1], tokens[i + 1]];
    const isKeyword =
      token.type === 'Word' &&
      /^(?:SHOW|FULL|TABLES?|VIEW|DATABASES|COLUMNS|FIELDS|CREATE|EXISTS|DESC|DESCRIBE|FROM|IN|NOT|I?LIKE|LIMIT)$/i.test(
        token.text,
      );
    const database =
      isDatabase(token) ||
      (token.text === 'system' && isMark(next, '.') && systemTables.has(tokens[i + 2]?.text ?? ''));
    if (token.type === 'String') shape += ' ?';
    else if (isMark(token, '.')) shape += '.';
    else if (isKeyword) shape += ` ${token.text}`;
    else if (database && (isMark(next, '.') || isWord(before, 'FROM', 'IN'))) shape += ' @';
    else if (isName(token) && /^\w+$/.test(token.text)) shape += isMark(before, '.') ? '#' : ' #';
    else shape += ` ${token.text}`;
  }
  return looks.test(shape.trim()) ? undefined : 'of SHOW, EXISTS and DESCRIBE only what tells of tables of the record';
}

/** `EXPLAIN`, its kind, its settings (`indexes = 1`), and then a query. */
function explains(tokens: readonly Token[]): boolean {
  const text = tokens
    .slice(0, 32)
    .map((token) => (isName(token) || token.type === 'Number' || token.type === 'Mark' ? token.text : '?'));
  return /^(?:(?:AST|SYNTAX|QUERY TREE|PLAN|PIPELINE|ESTIMATE) )?(?:\w+ = \w+ (?:, )?)*(?:SELECT|WITH|\()/i.test(
    `${text.join(' ')} `,
  );
}

/** What no statement may have in it, wherever it stands; and every call of a function. */
function reasonAgainstWords(tokens: readonly Token[]): string | undefined {
  for (const [i, token] of tokens.entries()) {
    const [before, next] = [tokens[i - 1], tokens[i + 1]];
    if (isMark(token, ';')) return 'one statement at a time';
    if (!isName(token)) continue;
    if (isReaching(token.text)) return `${token.text}() reaches beyond the audit store`;
    const isMember = isMark(before, '.');
    if (token.type === 'Word' && !isMember) {
      if (isWord(token, 'INTO')) return 'INTO writes a file';
      if (isWord(token, 'SETTINGS')) return 'SETTINGS are the server’s to choose';
      if (isWord(token, 'PARALLEL') && isWord(next, 'WITH')) return 'one statement at a time';
      if (isMark(before, '(') && isWord(token, 'EXPLAIN', 'SHOW', 'DESCRIBE')) return `${token.text} within a query`;
      if (isWord(token, 'FORMAT') && isName(next) && i === tokens.length - 2) return 'one FORMAT, at the end';
    }
    // `{table:Identifier}` would put a name there that nobody has looked at.
    if (isMark(before, ':') && isWord(token, 'Identifier')) return 'a parameter is a value, and no name';
    if (isMark(next, '(') && !isMayCall(token)) {
      return `${token.text}() reaches beyond the audit store, or is not known to stay within it`;
    }
    if (isWord(token, 'APPLY')) {
      const applied = isMark(next, '(') ? tokens[i + 2] : next;
      // A lambda's parameter is followed by its arrow; else it is the name of a function.
      const lambda = tokens.slice(i + 1, i + 12).some((each, j, all) => isMark(each, '-') && isMark(all[j + 1], '>'));
      if (!isName(applied) || !(lambda || isKnownFunction(applied.text)))
        return `APPLY ${applied?.text ?? ''}: it takes a function that is known`;
    }
  }
  return undefined;
}

function isMayCall(token: Token): boolean {
  if (token.type === 'Word' && isWordBeforeBracket(token.text)) return true;
  return isKnownFunction(token.text) || isTableFunction(token.text);
}

/** Where a FROM is part of a function's own syntax: `extract(hour FROM event_time)`. */
const functionsWithFrom = /^(?:extract|trim|trimboth|ltrim|rtrim|substring|substr|overlay|position)$/i;
const endOfFrom =
  /^(?:SELECT|WHERE|PREWHERE|GROUP|ORDER|HAVING|LIMIT|OFFSET|UNION|EXCEPT|INTERSECT|WINDOW|QUALIFY|FETCH)$/i;

/** Every name that stands, or could stand, where a table is named. */
function reasonAgainstTables(tokens: readonly Token[]): string | undefined {
  interface Bracket {
    /** Between FROM and what ends the list of tables. */
    tables: boolean;
    function: string;
  }
  const brackets: Bracket[] = [{ tables: false, function: '' }];
  for (const [i, token] of tokens.entries()) {
    const [before, next] = [tokens[i - 1], tokens[i + 1]];
    const inside = brackets.at(-1);
    if (inside === undefined) return 'a bracket is closed that was not opened';
    const foreign = reasonAgainstMember(tokens, i);
    if (foreign !== undefined) return foreign;
    let namesTable = false;
    if (isMark(token, '(')) {
      brackets.push({ tables: false, function: isName(before) ? before.text : '' });
    } else if (isMark(token, ')')) {
      brackets.pop();
    } else if (isMark(before, '{') && isMark(next, ':')) {
      // A parameter may be called `from`.
    } else if (token.type === 'Word' && !isMark(before, '.') && !isWord(before, 'AS')) {
      if (isWord(token, 'FROM')) {
        namesTable = !functionsWithFrom.test(inside.function) && !isWord(before, 'FILL', 'DISTINCT');
        inside.tables ||= namesTable;
      } else if (isWord(token, 'JOIN')) {
        namesTable = !isWord(before, 'ARRAY');
        inside.tables = namesTable;
      } else if (isWord(token, 'IN')) {
        namesTable = true;
      } else if (endOfFrom.test(token.text)) {
        inside.tables = false;
      }
    } else if (isMark(token, ',') && inside.tables) {
      namesTable = true;
    }
    if (!namesTable) continue;
    const isIn = isWord(token, 'IN');
    // `IN ((t))` reads the table t as well.
    let at = i + 1;
    while (isMark(tokens[at], '(')) at += 1;
    const reason = reasonAgainstTable(tokens, at, isIn && !isMark(next, '(') ? 'In' : isIn ? 'InBracket' : 'From');
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonAgainstTable(
  tokens: readonly Token[],
  at: number,
  place: 'From' | 'In' | 'InBracket',
): string | undefined {
  const [name, dot, member, then] = tokens.slice(at, at + 4);
  if (name === undefined) return undefined; // The engine says what is missing.
  if (!isName(name)) {
    return place === 'From'
      ? 'FROM takes the name of a table, without a string or a parameter in its place'
      : undefined;
  }
  if (name.type === 'Word' && isWord(name, 'SELECT', 'WITH', 'FROM')) return undefined;
  if (isMark(dot, '(')) {
    return place === 'InBracket' || isTableFunction(name.text) || (place === 'In' && isKnownFunction(name.text))
      ? undefined
      : `${name.text}() reaches beyond the audit store`;
  }
  if (!isMark(dot, '.')) {
    return /^\w+$/.test(name.text) ? undefined : `"${name.text}" is no name of a table`;
  }
  // In a bracket behind IN stands a list of values as a rule: only a single name can be a table.
  if (place === 'InBracket' && !isMark(then, ')')) return undefined;
  if (!isName(member)) return `"${name.text}." is no name of a table`;
  if (isDatabase(name) && !isMark(then, '.')) {
    return /^\w+$/.test(member.text) ? undefined : `"${member.text}" is no name of a table`;
  }
  if (name.text === 'system' && systemTables.has(member.text)) return undefined;
  return `${name.text}.${member.text} is not of the audit store`;
}

/** A name before a dot that means another database, wherever it stands. */
function reasonAgainstMember(tokens: readonly Token[], at: number): string | undefined {
  const [name, dot, member] = tokens.slice(at, at + 3);
  if (!isName(name) || !isMark(dot, '.') || isMark(tokens[at - 1], '.')) return undefined;
  const lower = name.text.toLowerCase();
  if (!foreignDatabases.has(lower)) return undefined;
  if (lower === 'system' && isName(member) && systemTables.has(member.text)) return undefined;
  return `${name.text}.${member?.text ?? ''} is not of the audit store`;
}

function isDatabase(token: Token | undefined): boolean {
  return isName(token) && ownDatabases.has(token.text);
}

function isName(token: Token | undefined): token is Token & { type: 'Word' | 'Quoted' } {
  return token?.type === 'Word' || token?.type === 'Quoted';
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.type === 'Mark' && token.text === text;
}

function isWord(token: Token | undefined, ...words: string[]): boolean {
  return token?.type === 'Word' && words.some((word) => word.toLowerCase() === token.text.toLowerCase());
}
