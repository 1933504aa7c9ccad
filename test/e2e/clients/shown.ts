/**
 * What each client shows, whole. Names that differ from run to run stand here as in docs/howto/clients.md, which shows the
 * same texts: the object is `settings`, the hold `h-7k2m-41pq`, the wait 42 seconds.
 */
import type { ClientName, Shown } from './client.ts';

export type Way = 'agent-direct' | 'agent';
export type Situation = 'approved' | 'denied' | 'refused' | 'allowed';

export interface Row {
  client: ClientName;
  /** `agent-direct`: straight at the API server. `agent`: through the proxy. */
  way: Way;
  situation: Situation;
  /** Where the client does not wait by itself: what it shows before anybody has decided. It is then run again. */
  firstShown?: Shown;
  shown: Shown;
  /** In the order in which they are asked. */
  holds: string[];
  /** What helm makes of it. */
  release?: 'deployed' | 'failed';
}

export const hold = 'h-7k2m-41pq';
export const reason = 'not during the sale; ask again on Monday';

const webhook = 'admission webhook "judge.holdpoint.dev" denied the request: ';
const refusal =
  `${webhook}What is named people-something is written by people. Ask in #platform. ` +
  '(rule "people-only" of policy "names-of-people")';
const denial = `hold ${hold} was denied by alice: ${reason}`;
const held =
  `${webhook}held for approval by rule "production-writes" of policy "coding-agents". ` +
  `Production changes are approved by an SRE. Hold ${hold} waits for a person; once it is approved, the same command goes through.`;
const cause = `holdpoint.dev/hold: ${hold}\n`;
const ruleCause = 'holdpoint.dev/rule: names-of-people/people-only\n';

const done = (stdout: string, stderr = ''): Shown => ({ code: 0, stdout, stderr });
const failed = (stderr: string, stdout = ''): Shown => ({ code: 1, stdout, stderr });

/** The webhook says who approved; the proxy adds how long it took. */
const notices: Record<Way, string> = {
  'agent-direct': `Warning: approved by alice (${hold})`,
  agent: `Warning: held 42s, approved by alice (${hold})`,
};
/** Past the proxy it is the API server who passes the denial on, and says whose it is. */
const denials: Record<Way, string> = { 'agent-direct': webhook + denial, agent: denial };

const created = 'configmap/settings created\n';
const kubectl = (way: Way): Row[] => [
  {
    client: 'kubectl',
    way,
    situation: 'approved',
    shown: done(created, `${notices[way]}\n`),
    holds: ['CREATE ConfigMap: Used'],
  },
  {
    client: 'kubectl',
    way,
    situation: 'denied',
    shown: failed(`error: failed to create configmap: ${denials[way]}\n`),
    holds: ['CREATE ConfigMap: Denied'],
  },
  {
    client: 'kubectl',
    way,
    situation: 'refused',
    shown: failed(`error: failed to create configmap: ${refusal}\n`),
    holds: [],
  },
  { client: 'kubectl', way, situation: 'allowed', shown: done(created), holds: [] },
];

const installing = (name: string): string => `Release "${name}" does not exist. Installing it now.\n`;
const installed =
  `${installing('settings')}NAME: settings\nLAST DEPLOYED: Wed Nov 25 09:30:00 2026\nNAMESPACE: prod\nSTATUS: deployed\nREVISION: 1\n` +
  'DESCRIPTION: Install complete\nTEST SUITE: None\n';
/** helm logs what kubectl prints. */
const logged = (way: Way): string => `I1125 09:30:42.000000    4711 warnings.go:107] "${notices[way]}"\n`;
const applying = (object: string): string =>
  `Error: server-side apply failed for object ${object} /v1, Kind=ConfigMap: `;
const helm = (way: Way): Row[] => [
  {
    client: 'helm',
    way,
    situation: 'approved',
    shown: done(installed, logged(way).repeat(4)),
    // Its own record of the release, what the chart has, and the record again: a question each.
    holds: ['CREATE Secret: Used', 'CREATE ConfigMap: Used', 'CREATE Deployment: Used', 'UPDATE Secret: Used'],
    release: 'deployed',
  },
  {
    client: 'helm',
    way,
    situation: 'denied',
    shown: failed(`${logged(way).repeat(3)}${applying('prod/settings')}${denials[way]}\n`, installing('settings')),
    // It goes on to the Deployment after the denial, and then writes down that the release failed.
    holds: ['CREATE Secret: Used', 'CREATE ConfigMap: Denied', 'CREATE Deployment: Used', 'UPDATE Secret: Used'],
    release: 'failed',
  },
  {
    client: 'helm',
    way,
    situation: 'refused',
    shown: failed(`${applying('dev/people-settings')}${refusal}\n`, installing('people-settings')),
    holds: [],
    release: 'failed',
  },
  {
    client: 'helm',
    way,
    situation: 'allowed',
    shown: done(installed.replace('prod', 'dev')),
    holds: [],
    release: 'deployed',
  },
];

/** A program shows the exception's class, the status code, the reason, the message, and the causes. */
const program = (client: ClientName, forbidden: string): Row[] => {
  const notYet = failed(`ApiException 429 TooManyRequests: ${held}\n${cause}`);
  return (['agent-direct', 'agent'] as const).flatMap((way): Row[] => [
    {
      client,
      way,
      situation: 'approved',
      ...(way === 'agent' ? {} : { firstShown: notYet }),
      shown: done('created settings\n'),
      holds: ['CREATE ConfigMap: Used'],
    },
    {
      client,
      way,
      situation: 'denied',
      ...(way === 'agent' ? {} : { firstShown: notYet }),
      shown: failed(`${forbidden} 403 Forbidden: ${denials[way]}\n${cause}`),
      holds: ['CREATE ConfigMap: Denied'],
    },
    {
      client,
      way,
      situation: 'refused',
      shown: failed(`${forbidden} 403 Forbidden: ${refusal}\n${ruleCause}`),
      holds: [],
    },
    { client, way, situation: 'allowed', shown: done('created settings\n'), holds: [] },
  ]);
};

export const rows: readonly Row[] = [
  ...kubectl('agent-direct'),
  ...kubectl('agent'),
  ...helm('agent-direct'),
  ...helm('agent'),
  ...program('Python client', 'ForbiddenException'),
  ...program('client-node', 'ApiException'),
];
