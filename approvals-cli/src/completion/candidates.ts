import { kinds, type KubeClient } from '@holdpoint/platform';
import type { AccessPolicy, Grant, Hold } from '@holdpoint/core';
import { listHolds } from '../commands/hold-list.ts';
import type { CommandContext } from '../commands/context.ts';

/** What the command line offers, as far as completing it goes. */
export interface CommandShape {
  name: string;
  aliases: readonly string[];
  /** `--reason`, `-r`. */
  flags: readonly { names: readonly string[]; takesValue: boolean; choices: readonly string[] }[];
  /** The name of what its arguments are. */
  argument: string;
  commands: readonly CommandShape[];
}

/** Names from the cluster, by what an argument is called. Rejects when the cluster does not say. */
export type Lookup = (what: 'hold' | 'grant' | 'rule' | 'policy') => Promise<string[]>;

/**
 * What the last word could become. Total: a cluster that does not answer has nothing to offer, and a prompt is no place for
 * an error.
 */
export async function candidatesFor(root: CommandShape, words: readonly string[], lookup: Lookup): Promise<string[]> {
  const last = words.at(-1) ?? '';
  let at = root;
  let pending: CommandShape['flags'][number] | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    const flag = [...at.flags, ...root.flags].find(({ names }) => names.includes(word));
    if (flag?.takesValue === true) pending = flag;
    else if (!word.startsWith('-')) {
      at = at.commands.find(({ name, aliases }) => name === word || aliases.includes(word)) ?? at;
    }
  }
  const offered = await offer(at, root, pending, last, lookup);
  return offered.filter((word) => word.startsWith(last) && /^[\w@:./,=-]+$/.test(word)).sort();
}

async function offer(
  at: CommandShape,
  root: CommandShape,
  flag: CommandShape['flags'][number] | undefined,
  last: string,
  lookup: Lookup,
): Promise<string[]> {
  const find = (what: Parameters<Lookup>[0]): Promise<string[]> => lookup(what).catch(() => []);
  if (flag !== undefined) {
    if (flag.choices.length > 0) return [...flag.choices];
    if (flag.names.includes('--rule')) return await find('rule');
    return flag.names.includes('--policy') ? await find('policy') : [];
  }
  if (last.startsWith('-')) return [...at.flags, ...root.flags].flatMap(({ names }) => names);
  if (at.commands.length > 0) return at.commands.map(({ name }) => name);
  return at.argument === 'hold' || at.argument === 'grant' ? await find(at.argument) : [];
}

/** Looks names up with the caller's own permissions; finished holds are not offered. */
export function clusterLookup(context: CommandContext): Lookup {
  return async (what) => {
    if (what === 'hold') return namesOf(await listHolds(context.raw(), { phase: '=Pending' }));
    const kube = context.kube();
    if (what === 'grant') return namesOf(await kube.list<Grant>(kinds.grants));
    return await policyNames(kube, what);
  };
}

async function policyNames(kube: KubeClient, what: 'rule' | 'policy'): Promise<string[]> {
  const policies = await kube.list<AccessPolicy>(kinds.accessPolicies);
  if (what === 'policy') return namesOf(policies);
  return policies.flatMap(({ metadata, spec }) =>
    ['default', ...(spec.rules ?? []).filter(({ action }) => action === 'Hold').map(({ name }) => name)].map(
      (rule) => `${metadata.name ?? ''}/${rule}`,
    ),
  );
}

function namesOf(objects: readonly (Hold | Grant | AccessPolicy)[]): string[] {
  return objects.map(({ metadata }) => metadata.name ?? '');
}
