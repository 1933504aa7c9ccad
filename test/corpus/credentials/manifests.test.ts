import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createMask, maskDocument, type JsonValue } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const documents = ['deploy', join('local', 'scenario')].flatMap((folder) =>
  readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) =>
      readFileSync(inRepository(folder, name), 'utf8')
        .split(/^---$/m)
        .map((text, at) => ({ name: `${folder}/${name}, ${String(at)}`, object: parseYaml(text) as JsonValue })),
    ),
);

test.each(documents)('of our own manifests, only a Secret is changed: $name', ({ object }) => {
  const isSecret = (object as { kind?: unknown } | null)?.kind === 'Secret';
  expect(maskDocument(object, mask) === object).toBe(!isSecret);
});
