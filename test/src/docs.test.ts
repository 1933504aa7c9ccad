import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { compilePolicy, type AccessPolicy } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';
import { packTable } from './pack-table.ts';
import { packs } from './policy-packs.ts';

/** The reference says what there is: no more, no less. */
describe('docs/reference', () => {
  const read = (...path: string[]): string => readFileSync(inRepository(...path), 'utf8');
  const all = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();

  test('errors.md has every error code, and no other', () => {
    const codes = all(read('core', 'src', 'errors.ts'), /'(ERR_[A-Z_]+)'/g);
    expect(all(read('docs', 'reference', 'errors.md'), /^\| `(ERR_[A-Z_]+)`/gm)).toEqual(codes);
  });

  test('metrics.md has every metric of ours, and no other', () => {
    const sources = [
      read('platform', 'src', 'metrics.ts'),
      read('platform', 'src', 'http', 'tls-files.ts'),
      read('auditsink', 'src', 'metrics.ts'),
      read('webhook', 'src', 'metrics.ts'),
      read('proxy', 'src', 'metrics.ts'),
      read('proxy', 'src', 'identity', 'metrics.ts'),
      read('webhook', 'src', 'notify', 'counted-notifications.ts'),
    ];
    const names = all(sources.join('\n'), /'(holdpoint_[a-z_]+)'/g);
    expect(names.length).toBeGreaterThan(10);
    expect(all(read('docs', 'reference', 'metrics.md'), /^\| `(holdpoint_[a-z_]+)`/gm)).toEqual(names);
  });

  test.each(['webhook', 'proxy', 'auditsink'])('services.md has every flag of %s', (service) => {
    const flags = all(read(service, 'src', 'main.ts'), /^ {2}'?([a-z-]+)'?: \{ ?(?:\n *)?description/gm);
    const section = new RegExp(`## ${service}\\n([^]*?)(?:\\n## |$)`).exec(
      read('docs', 'reference', 'services.md'),
    )?.[1];
    expect(flags.length).toBeGreaterThan(5);
    expect(all(section ?? '', /`--([a-z-]+)`/g)).toEqual(expect.arrayContaining(flags));
  });

  test.each([
    { limit: "a client's headers", is: 'headersTimeoutMs', of: ['platform', 'src', 'http', 'https-server.ts'] },
    {
      limit: "a client's connection, between two requests",
      ...{ is: 'keepAliveTimeoutMs', of: ['platform', 'src', 'http', 'https-server.ts'] },
    },
    { limit: 'a peer that is gone', is: 'keepAliveProbeMs', of: ['proxy', 'src', 'server.ts'] },
    { limit: 'a peer that is gone', is: 'keepAliveProbeMs', of: ['proxy', 'src', 'streams', 'open-sockets.ts'] },
    { limit: 'a peer that is gone', is: 'keepAliveProbeMs', of: ['proxy', 'src', 'upstream', 'credentials.ts'] },
    {
      limit: 'connecting to the API server',
      ...{ is: 'connectTimeoutMs', of: ['proxy', 'src', 'upstream', 'api-server.ts'] },
    },
    {
      limit: 'a connection to the API server, between two requests',
      ...{ is: 'idleMs', of: ['proxy', 'src', 'upstream', 'credentials.ts'] },
    },
    { limit: 'a recorder that does not answer', is: 'answerTimeoutMs', of: ['proxy', 'src', 'sink', 'sink-client.ts'] },
    { limit: "this proxy's own end", is: 'drainMs', of: ['proxy', 'src', 'main.ts'] },
  ])('services.md tells of $limit what $is says', ({ limit, is, of }) => {
    const [, ms = ''] = new RegExp(`const ${is} = ([0-9_]+);`).exec(read(...of)) ?? [];
    const row = read('docs', 'reference', 'services.md')
      .split('\n')
      .find((line) => line.startsWith(`| ${limit}`));
    expect(row).toMatch(new RegExp(`\\b${String(Number(ms.replaceAll('_', '')) / 1_000)} s\\b`));
  });

  test('cli.md has every command, and every flag of each', () => {
    const program = read('approvals-cli', 'src', 'program.ts');
    const commands = all(program, /\.command\('([a-z]+)/g).filter((name) => name !== 'test' && name !== 'check');
    const reference = read('docs', 'reference', 'cli.md');
    expect(all(reference, /^\| `approvals ([a-z]+)/gm)).toEqual(commands);
    const flags = all(program, /(?:[oO]ption\(|Option\()'(?:-\w, )?(--[a-z-]+)/g);
    expect(flags.length).toBeGreaterThan(20);
    expect(flags.filter((flag) => !reference.includes(flag))).toEqual([]);
  });

  test('the example of policy test in cli.md is a policy and requests that meet their expectations', () => {
    const [policy = '', requests = ''] = all(read('docs', 'reference', 'cli.md'), /```yaml\n([^]*?)```/g).sort(
      (a, b) => Number(b.includes('kind: AccessPolicy')) - Number(a.includes('kind: AccessPolicy')),
    );
    expect(compilePolicy(parseYaml(policy) as AccessPolicy)).toHaveProperty('policy');
    expect(requests).toContain('expect: Hold');
  });

  test('audit-store.md has every view', () => {
    const folder = ['auditsink', 'src', 'migrations'];
    const migrations = readdirSync(inRepository(...folder)).map((file) => read(...folder, file));
    const views = all(migrations.join('\n'), /CREATE OR REPLACE VIEW (\w+)/g);
    const section = read('docs', 'reference', 'audit-store.md').split('## Views\n')[1]?.split('\n## ')[0] ?? '';
    expect(all(section, /^\| `(\w+)`/gm)).toEqual(views);
  });

  test.each(readdirSync(inRepository('deploy', 'policies')))('the ready-made policy %s compiles', (file) => {
    expect(compilePolicy(parseYaml(read('deploy', 'policies', file)) as AccessPolicy)).toHaveProperty('policy');
  });

  test('every ready-made policy is tried by a table of requests', () => {
    expect(packs.map(({ file }) => file).sort()).toEqual(readdirSync(inRepository('deploy', 'policies')).sort());
    for (const { rows } of packs) expect(rows.length).toBeGreaterThanOrEqual(12);
  });

  test.each(packs)('howto/policies.md says what $file decides, as it is tried', (pack) => {
    const section = read('docs', 'howto', 'policies.md').split(`### ${pack.file}\n`)[1] ?? '';
    expect(/^\|[^]*?(?=\n\n)/m.exec(section)?.[0]).toBe(packTable(pack));
  });
});
