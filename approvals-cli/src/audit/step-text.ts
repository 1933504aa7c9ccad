import { storeTimeMs, type ReplayGroup, type ToldStep } from '@holdpoint/core';
import { formatSpan } from '../output/age.ts';
import { toPrintable } from '../output/table.ts';

/** What is the client's to choose has no end by itself: a name, a command, a message. */
const longestText = 1_000;

export function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

/** A request in a few words: `patch deployments.apps/web scale -n prod`. */
export function requestOf(
  step: Pick<ToldStep, 'verb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'>,
): string {
  const { verb, apiGroup, resource, subresource, namespace, name } = step;
  if (resource === '') return `${verb} (no resource)`;
  const kind = apiGroup === '' ? resource : `${resource}.${apiGroup}`;
  const words = [
    verb,
    name === '' ? kind : `${kind}/${name}`,
    ...(subresource === '' ? [] : [subresource]),
    ...(namespace === '' ? [] : ['-n', namespace]),
  ];
  return words.map(cut).join(' ');
}

/** How it ended: `201`, `403 Forbidden`; `dry run` in front of what did nothing. */
export function resultOf({ code, reason, dryRun, tries }: ToldStep): string {
  const answer = code === 0 ? 'no answer' : String(code);
  const words = code >= 400 && reason !== '' && reason !== 'Failure' ? `${answer} ${reason}` : answer;
  return `${dryRun ? 'dry run, ' : ''}${words}${tries > 1 ? ` at try ${String(tries)}` : ''}`;
}

/** The webhook's verdict in a sentence; empty where it gave none. */
export function verdictOf(step: ToldStep): string {
  const { decision, policy, rule, hold, grant } = step;
  const by = [policy, rule].filter((part) => part !== '').join('/');
  const rules = by === '' ? '' : ` by ${by}`;
  switch (decision) {
    case '':
      return '';
    case 'allow':
      return grant === '' ? `allowed${rules}` : `held${rules}, passed by grant ${grant}`;
    case 'deny':
      return `refused${rules}${hold === '' ? '' : ` (${hold})`}`;
    case 'hold':
      return `held${rules} as ${hold}`;
    case 'approved':
      return grant === '' ? `held${rules} as ${hold}, approved` : `held${rules}, passed by grant ${grant}`;
    case 'would-hold':
      return `would be held${rules}`;
    default:
      return `${decision}${rules}`;
  }
}

/** What people said to it, a sentence each. */
export function decisionsOf(step: ToldStep): string[] {
  const told = step.decisions.map(({ by, verdict, reason, at }) => {
    const waited = storeTimeMs(at) - storeTimeMs(step.askedAt);
    const when = waited < 0 ? 'before it was asked again' : `after ${formatSpan(waited)}`;
    return `${by} ${verdict === 'approve' ? 'approved' : 'denied'} it ${when}${reason === '' ? ', without a reason' : `: ${reason}`}`;
  });
  const isOpen = step.decision === 'hold' && step.code === 429 && step.decisions.length === 0;
  return isOpen ? ['nobody has answered'] : told;
}

/** What was left out of a group, in words; empty when nothing was. */
export function foldedOf({ folded }: Pick<ReplayGroup, 'folded'>): string {
  const { discovery, reads, repeats } = folded;
  const parts = [
    ...(reads === 0 ? [] : [counted(reads, 'read')]),
    ...(repeats === 0 ? [] : [counted(repeats, 'repeat')]),
    ...(discovery === 0 ? [] : [counted(discovery, 'discovery call')]),
  ];
  return parts.length === 0 ? '' : `and ${parts.join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** The command line, printable; for a client that told none, its own name. */
export function commandOf({ command, userAgent, continued }: ReplayGroup): string {
  const words =
    command === '' ? `(no command told; client ${userAgent === '' ? 'unnamed' : userAgent})` : `$ ${command}`;
  return toPrintable(`${cut(words)}${continued ? ' (continued)' : ''}`);
}
