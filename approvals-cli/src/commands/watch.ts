import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError, isJsonObject, messageOf, phaseAt, type Hold } from '@holdpoint/core';
import { KubeApiError } from '@holdpoint/platform';
import { printRequest } from '../output/request.ts';
import { toPrintable } from '../output/table.ts';
import type { CommandContext } from './context.ts';

export interface WatchOptions {
  /** What becomes of holds too. */
  all: boolean;
  bell: boolean;
  /** Called with each new pending hold's name. */
  onPending?: (name: string) => void;
  signal: AbortSignal;
}

const path = '/apis/holdpoint.dev/v1alpha1/holds';
/** A server that restarts is back within seconds; asking more often only keeps it busy. */
const reconnectMs = 1_000;

/** Prints holds as they come, a line each, until `signal` ends it. A connection that breaks is made anew, and said. */
export async function watchHolds(context: CommandContext, options: WatchOptions): Promise<void> {
  const told = new Map<string, string>();
  while (!options.signal.aborted) {
    try {
      await followOnce(context, options, told);
    } catch (error) {
      if (options.signal.aborted) return;
      // Who may not see holds now will not a second later; everything else may pass.
      if (error instanceof KubeApiError && [401, 403, 404].includes(error.code)) throw error;
      context.warn(toPrintable(`Reconnecting: ${messageOf(error)}`));
      await sleep(reconnectMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

async function followOnce(context: CommandContext, options: WatchOptions, told: Map<string, string>): Promise<void> {
  const { all, signal } = options;
  const query: Record<string, string> = all ? {} : { fieldSelector: 'status.phase=Pending' };
  const list = (await context.raw().get(path, { query })) as { items: Hold[]; metadata: { resourceVersion: string } };
  const isFirst = told.size === 0;
  for (const hold of list.items) tell(context, options, told, hold, isFirst && all);
  const { resourceVersion } = list.metadata;
  const watching = { ...query, watch: '1', allowWatchBookmarks: 'true', resourceVersion };
  for await (const line of context.raw().lines(path, { query: watching, signal })) {
    const event: unknown = JSON.parse(line);
    if (!isJsonObject(event)) continue;
    // The version is too old by now (410): listed anew.
    if (event['type'] === 'ERROR')
      throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'the watch was ended by the server');
    if (event['type'] === 'ADDED' || event['type'] === 'MODIFIED') {
      tell(context, options, told, event['object'] as unknown as Hold, false);
    }
  }
}

function tell(
  context: CommandContext,
  options: WatchOptions,
  told: Map<string, string>,
  hold: Hold,
  onlyPending: boolean,
): void {
  const name = hold.metadata.name ?? '';
  const phase = phaseAt(hold, context.now());
  const state = `${phase} ${String(hold.status?.decisions.length ?? 0)}`;
  if (told.get(name) === state || (!options.all && phase !== 'Pending')) return;
  const isNew = !told.has(name);
  told.set(name, state);
  if (onlyPending && phase !== 'Pending') return;
  const { subject, request, policy, rule } = hold.spec;
  const last = hold.status?.decisions.at(-1);
  const decision =
    last === undefined ? '' : `  ${last.verdict} by ${last.by}${last.reason === undefined ? '' : `: ${last.reason}`}`;
  const line = `${name}  ${phase}  ${subject.username}  ${printRequest(request)}  ${policy}/${rule}${decision}`;
  context.print(toPrintable(line));
  if (phase !== 'Pending' || !isNew) return;
  if (options.bell) context.write('\u0007');
  options.onPending?.(name);
}
