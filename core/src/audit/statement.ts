/** Whether a statement may run on the read-only endpoint, and if not, why. */
export type StatementVerdict = { allowed: true } | { allowed: false; reason: string };

const readOnlyVerbs = ['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'];

/**
 * Functions that read a file, call a model or look into the process, even on a read-only session. Refused wherever the
 * name stands: `arrayMap(file, …)` and `* APPLY file` call one without brackets behind it.
 */
const reachingAnywhere =
  /^(?:file|catboostevaluate|ai(?:classify|embed|extract|generate|translate)|addressto\w+|showcertificate|logtrace|getserversetting|getclienthttpheader)$/;

/**
 * Table functions that reach a file, a network or a process, by the first part of their names: most come once for each
 * kind of storage, with and without `Cluster`. Only before a bracket: `url` and `input` are words for columns, too.
 */
const reachingCalls =
  /^(?:(?:azure|cluster|cosn|deltalake|executable|filecluster|filesystem$|gcs|hdfs|hive|hudi|iceberg|jdbc|mongodb|mysql|odbc|oss|paimon|postgresql|prometheusquery|redis|remote|s3|sqlite|url|ytsaurus)\w*|arrowstream|dictionary|dictget\w*|eval|fuzzquery|input|joinget\w*|loop|merge|mergetree\w+|python|sleep|sleepeachrow|timeseries(?:data|metrics|samples|selector|tags)|viewexplain)$/;

/** URL functions on text, which begin like the table function that fetches one. */
const harmless = new Set(['urlhash', 'urlhierarchy', 'urlpathhierarchy']);

/**
 * Checks one statement by its tokens, comments and strings set aside. The session it runs on is read-only besides: this
 * stops what that lets through (`INTO OUTFILE` writes a file even so), several statements in one, and reaching out.
 * What the tokenizer does not know for certain (heredocs, typographic quotes) is refused rather than guessed.
 */
export function checkStatement(statement: string): StatementVerdict {
  const tokens = tokenize(statement);
  if (typeof tokens === 'string') return refuse(tokens);
  while (tokens.at(-1) === ';') tokens.pop();
  const first = tokens.find((token) => token !== '(')?.toUpperCase();
  if (first === undefined) return refuse('there is no statement');
  if (!readOnlyVerbs.includes(first)) {
    return refuse(`it begins with ${first.slice(0, 40)}; allowed: ${readOnlyVerbs.join(', ')}`);
  }
  for (const [i, token] of tokens.entries()) {
    if (token === ';') return refuse('one statement at a time');
    if (token.toUpperCase() === 'INTO') return refuse('INTO writes a file');
    if (token.toUpperCase() === 'SETTINGS') return refuse('SETTINGS are the server’s to choose');
    const name = token.toLowerCase();
    if (reachingAnywhere.test(name) || (tokens[i + 1] === '(' && reachingCalls.test(name) && !harmless.has(name))) {
      return refuse(`${token}() reaches beyond the audit store`);
    }
  }
  return { allowed: true };
}

function refuse(reason: string): StatementVerdict {
  return { allowed: false, reason };
}

/** Words, quoted identifiers (without their quotes) and punctuation; strings as `''`. A string: why it cannot be read. */
function tokenize(text: string): string[] | string {
  const tokens: string[] = [];
  let i = 0;
  while (i < text.length) {
    const rest = text.slice(i, i + 2);
    const character = text.charAt(i);
    if (/\s/.test(character)) {
      i += 1;
    } else if (rest === '--') {
      const end = text.indexOf('\n', i);
      i = end === -1 ? text.length : end + 1;
    } else if (rest === '/*') {
      const end = text.indexOf('*/', i + 2);
      if (end === -1) return 'a comment is not closed';
      if (text.slice(i + 2, end).includes('/*')) return 'comments are not nested';
      i = end + 2;
    } else if (character === "'" || character === '"' || character === '`') {
      const end = endOfQuoted(text, i);
      if (end === undefined) return 'a quote is not closed';
      // ClickHouse reads `fi\x6ce` as file.
      if (character !== "'" && text.slice(i, end).includes('\\')) return 'a quoted name with a backslash in it';
      tokens.push(character === "'" ? "''" : text.slice(i + 1, end - 1));
      i = end;
    } else if (/[A-Za-z_]/.test(character)) {
      const word = /^\w+/.exec(text.slice(i))?.[0] ?? character;
      tokens.push(word);
      i += word.length;
    } else if (/[0-9(),.;*=<>!+\-/%|:?[\]{}@^&]/.test(character)) {
      tokens.push(character);
      i += 1;
    } else {
      return `"${character}" outside of quotes`;
    }
  }
  return tokens;
}

/** ClickHouse escapes by backslash and by doubling; both are skipped. */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let i = start + 1; i < text.length; i += 1) {
    if (text.charAt(i) === '\\') i += 1;
    else if (text.charAt(i) === quote) {
      if (text.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  return undefined;
}
