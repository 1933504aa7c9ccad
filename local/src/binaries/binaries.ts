import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLeash } from '../process/leash.ts';
import { builds, type Build } from './builds.ts';
import { cacheKeyOf, cacheRootOf } from './cache.ts';
import { clientsArchive, unpackClients } from './clients.ts';
import { goBuild, requireGo } from './go.ts';
import { withLock } from './lock.ts';

/** Absolute paths of everything that a stack runs and does not bring itself. */
export interface Binaries {
  etcd: string;
  apiServer: string;
  controllerManager: string;
  kwok: string;
  kubectl: string;
  helm: string;
}

const tickMs = 15_000;

/**
 * Finds the control plane's binaries: in KUBEBUILDER_ASSETS (envtest's convention), else in the cache, else built there from
 * the Go modules pinned in this repository. kubectl and helm come from an npm package.
 *
 * @throws HoldpointError ERR_STACK_FAILED naming what to install, or what did not build
 */
export async function resolveBinaries(progress: (text: string) => void, signal: AbortSignal): Promise<Binaries> {
  const root = cacheRootOf(process.env, homedir());
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const paths = new Map<Build['name'], string>();
  const missing: Build[] = [];
  for (const build of builds) {
    const given = assets === undefined || assets === '' ? undefined : join(assets, build.name);
    if (given !== undefined && existsSync(given)) paths.set(build.name, given);
    else missing.push(build);
  }
  for (const build of missing) {
    const file = join(root, folderOf(build), build.name);
    paths.set(build.name, file);
  }
  if (missing.some((build) => !existsSync(paths.get(build.name) ?? ''))) {
    mkdirSync(root, { recursive: true });
    await withLock(
      join(root, 'build.lock'),
      () => progress('another process is building the control plane: waiting for it'),
      () => buildMissing(missing, paths, progress, signal),
      signal,
    );
  }
  const clients = await resolveClients(root, progress, signal);
  const path = (name: Build['name']): string => paths.get(name) ?? '';
  return {
    etcd: path('etcd'),
    apiServer: path('kube-apiserver'),
    controllerManager: path('kube-controller-manager'),
    kwok: path('kwok'),
    kubectl: join(clients, 'kubectl'),
    helm: join(clients, 'helm'),
  };
}

function folderOf(build: Build): string {
  const contents = ['go.mod', 'go.sum'].map((name) => readFileSync(join(build.module, name), 'utf8'));
  return cacheKeyOf({
    contents,
    flags: [build.package, build.ldflags, 'CGO_ENABLED=0'],
    platform: `${process.platform}-${process.arch}`,
  });
}

async function buildMissing(
  missing: readonly Build[],
  paths: ReadonlyMap<Build['name'], string>,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const left = missing.filter((build) => !existsSync(paths.get(build.name) ?? ''));
  if (left.length === 0) return; // Whoever held the lock before us has built them.
  for (const module of new Set(left.map((build) => build.module))) requireGo(module);
  progress(`building the control plane from its Go modules, once: about ten minutes on two cores`);
  const startedAt = Date.now();
  for (const [i, build] of left.entries()) {
    const target = paths.get(build.name) ?? '';
    const say = (): void => {
      const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
      progress(`building ${build.name} (${String(i + 1)} of ${String(left.length)}, ${minutes} min so far)`);
    };
    say();
    const ticker = setInterval(say, tickMs);
    mkdirSync(dirname(target), { recursive: true });
    // In the same file system as the target, so that the binary appears there whole or not at all.
    const scratch = mkdtempSync(join(dirname(target), 'building-'));
    const leash = createLeash(scratch);
    const partial = join(scratch, build.name);
    try {
      const args = ['-o', partial, '-ldflags', build.ldflags, build.package];
      await goBuild({ folder: build.module, args, scratch }, leash, signal);
      renameSync(partial, target);
    } finally {
      clearInterval(ticker);
      await leash.release();
    }
  }
}

async function resolveClients(root: string, progress: (text: string) => void, signal: AbortSignal): Promise<string> {
  const archive = clientsArchive();
  const { size } = statSync(archive);
  const folder = join(
    root,
    `clients-${cacheKeyOf({ contents: [archive.split('node_modules').at(-1) ?? '', String(size)], flags: [], platform: `${process.platform}-${process.arch}` })}`,
  );
  if (!existsSync(join(folder, 'kubectl'))) {
    mkdirSync(root, { recursive: true });
    await withLock(
      join(root, 'clients.lock'),
      () => undefined,
      async () => {
        if (existsSync(join(folder, 'kubectl'))) return;
        progress('unpacking kubectl and helm');
        unpackClients(archive, folder);
      },
      signal,
    );
  }
  return folder;
}
