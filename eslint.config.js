import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Who may import what of ours. A package that is not in a row's list is refused there, with the reason. */
const mayImport = {
  core: [],
  platform: ['core'],
  webhook: ['core', 'platform'],
  proxy: ['core', 'platform'],
  auditsink: ['core', 'platform'],
  'approvals-cli': ['core', 'platform'],
  local: ['core', 'platform'],
  test: ['core', 'platform', 'webhook', 'proxy', 'auditsink', 'approvals-cli', 'local'],
};

/** Each third-party package is imported through one file (or one folder), so that replacing it touches one place. */
const importedThrough = {
  '@marcbachmann/cel-js': ['core/src/cel/cel-js.ts'],
  re2js: ['core/src/cel/library/regex.ts'],
  'fast-json-patch': ['core/src/holds/json-patch.ts'],
  '@kubernetes/client-node': [
    'platform/src/kube/**',
    'platform/src/index.ts',
    'test/e2e/clients/programs/**',
    'test/differential/programs/**',
  ],
  chdb: ['platform/src/clickhouse/**', 'test/src/clickhouse-stand-in.ts'],
  '@clickhouse/client': ['platform/src/clickhouse/**', 'test/e2e/query/**'],
  'asciinema-player': ['approvals-cli/src/audit/page/**'],
  '@sparticuz/chromium': ['test/src/browser.ts'],
  'playwright-core': ['test/src/browser.ts'],
  testcontainers: ['test/src/clickhouse-server.ts'],
  '@testcontainers/clickhouse': ['test/src/clickhouse-server.ts'],
  'prom-client': ['platform/src/metrics.ts'],
  pino: ['platform/src/logger.ts'],
  jose: ['proxy/src/identity/**'],
  undici: ['proxy/src/upstream/**', 'approvals-cli/src/login/fetch-with-ca.ts'],
  'openid-client': ['approvals-cli/src/login/issuer.ts'],
  'proper-lockfile': ['approvals-cli/src/login/token-store.ts'],
  express: ['auditsink/src/query/**'],
  commander: ['approvals-cli/src/program.ts'],
  'cli-table3': ['approvals-cli/src/output/**'],
  picocolors: ['approvals-cli/src/output/**', 'local/src/narrator.ts'],
  yaml: ['platform/src/yaml.ts'],
  'oidc-provider': ['local/src/issuer/**'],
  '@peculiar/x509': ['local/src/certificates.ts'],
  fflate: ['local/src/binaries/**'],
  // After those of the whole folder: the last that fits a file is the one that counts.
  diff: ['approvals-cli/src/output/unified-diff.ts'],
};

const workspaces = Object.keys(mayImport);

function boundaries(workspace) {
  const refused = workspaces.filter((other) => other !== workspace && !mayImport[workspace].includes(other));
  const thirdParty = Object.keys(importedThrough);
  return {
    files: [`${workspace}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: thirdParty.map((name) => ({
            name,
            message: `${name} is imported through ${importedThrough[name].join(', ')} alone.`,
          })),
          patterns: [
            ...refused.map((other) => ({
              group: [`@holdpoint/${other}`, `@holdpoint/${other}/**`],
              message: `${workspace} may import of ours: ${mayImport[workspace].join(', ') || 'nothing'}.`,
            })),
            { group: ['@holdpoint/*/**'], message: 'No deep imports: a package shows what it offers in src/index.ts.' },
            ...(workspace === 'core' ? [{ group: ['node:*'], message: 'core is pure: I/O is passed in.' }] : []),
          ],
        },
      ],
    },
  };
}

/** Lifts the one-file rule for `name` where it belongs; the workspace table stays in force there. */
function doorOf([name, files]) {
  return files.map((file) => {
    const workspace = file.split('/')[0];
    const rule = boundaries(workspace).rules['no-restricted-imports'][1];
    const here = Object.entries(importedThrough)
      .filter(([, doors]) => doors.includes(file))
      .map(([each]) => each);
    return {
      files: [file],
      rules: {
        'no-restricted-imports': [
          'error',
          { ...rule, paths: rule.paths.filter((path) => path.name !== name && !here.includes(path.name)) },
        ],
      },
    };
  });
}

function withoutNodeBan(rule) {
  return { ...rule, patterns: rule.patterns.filter(({ group }) => !group.includes('node:*')) };
}

export default tseslint.config(
  { ignores: ['.build/', 'node_modules/', '.holdpoint/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strict],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [], 'import-x/extensions': ['.ts'] },
    rules: {
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an argument (or node:crypto at an edge).' },
      ],
    },
  },
  {
    files: ['core/src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'core is pure: randomness is an argument.' },
        { object: 'Date', property: 'now', message: 'core is pure: time is an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'core is pure: time is an argument.',
        },
      ],
    },
  },
  {
    // The environment is read where a service is wired, and where tests and the local system are started.
    files: ['**/*.ts'],
    ignores: ['*/src/main.ts', 'local/**', 'test/**', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only main.ts reads the environment.',
        },
        {
          selector: "MemberExpression[object.name='process'][property.name='argv']",
          message: 'Only main.ts reads argv.',
        },
      ],
    },
  },
  ...workspaces.map(boundaries),
  {
    // A test of core may reach for Node: that core cannot is what one of them proves.
    files: ['core/src/**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', withoutNodeBan(boundaries('core').rules['no-restricted-imports'][1])] },
  },
  ...Object.entries(importedThrough).flatMap(doorOf),
);
