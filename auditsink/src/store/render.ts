/**
 * Makes a statement of ours, written for one server, into those that a cluster needs: every table becomes a replicated one,
 * `…_local`, on each node, and a distributed one in front of it that has the public name. A sink's rows lie on one shard, so
 * that its chain does.
 *
 * @param cluster name of the cluster; undefined: one server, or the embedded store, and the statement stays as it is
 */
export function renderStatement(statement: string, cluster: string | undefined): string[] {
  const text = statement.trim();
  if (text === '') return [];
  if (cluster === undefined) return [text];
  const on = `ON CLUSTER '${cluster}'`;
  const body = withoutComments(text);

  const view = /^CREATE OR REPLACE VIEW (\w+) AS\b/.exec(body)?.[0];
  if (view !== undefined) return [body.replace(view, view.replace(/ AS$/, ` ${on} AS`))];

  const altered = /^ALTER TABLE (\w+) /.exec(body)?.[1];
  if (altered !== undefined) return [body.replace(`ALTER TABLE ${altered} `, `ALTER TABLE ${altered}_local ${on} `)];

  const table = /^CREATE TABLE IF NOT EXISTS (\w+)\b/.exec(body)?.[1];
  if (table === undefined) throw new Error(`no rule for a cluster: ${body.slice(0, 80)}`);
  const created = `CREATE TABLE IF NOT EXISTS ${table}`;
  // What keeps nothing needs no copy.
  if (/ENGINE = Null$/.test(body)) return [body.replace(created, `${created} ${on}`)];
  const replicated = body
    .replace(created, `${created}_local ${on}`)
    .replace(
      'ENGINE = MergeTree',
      "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')",
    )
    .replace('non_replicated_deduplication_window', 'replicated_deduplication_window');
  const key = /\bsink\b/.test(body) ? 'sink' : 'name';
  const engine = `Distributed('${cluster}', currentDatabase(), '${table}_local', cityHash64(${key}))`;
  return [replicated, `${created} ${on} AS ${table}_local ENGINE = ${engine}`];
}

/** A comment may say what the rules look for. */
function withoutComments(text: string): string {
  return text.replace(/^\s*--.*\n/gm, '').trim();
}
