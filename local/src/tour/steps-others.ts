import type { Step } from './story.ts';

const services = ['proxy', 'webhook', 'auditsink'] as const;

/** Everybody else: Holdpoint is not there for them, not even when it is down. */
export const bystanderSteps: Step[] = [
  {
    title: 'A person outside the policy: unaffected',
    async run({ say, kubectl, check }) {
      say('Carol is not governed. Her requests never reach Holdpoint.');
      const created = await kubectl('person', ['create', 'configmap', 'notes', '-n', 'prod', '--from-literal=a=1']);
      check('her write goes through', created.code === 0);
    },
  },
  {
    title: 'With all of Holdpoint stopped: people work, agents stand still',
    async run({ say, kubectl, check, look, stack }) {
      say('Proxy, webhook and audit sink are stopped. For the governed it fails closed, and for nobody else.');
      for (const name of services) await stack.service(name).stop();
      const person = await kubectl('person', ['delete', 'configmap', 'notes', '-n', 'prod']);
      check('Carol’s write goes through', person.code === 0);
      const agent = await kubectl('agent-direct', ['create', 'configmap', 'agent-was-here', '-n', 'dev']);
      check('the agent’s write does not', agent.code !== 0);
      const left = await look(['get', 'configmap', 'agent-was-here', '-n', 'dev', '--ignore-not-found']);
      check('nothing was written', left === '');
      for (const name of [...services].reverse()) await stack.service(name).start();
      const again = await kubectl('agent', ['create', 'configmap', 'agent-was-here', '-n', 'dev']);
      check('started again, the agent works on', again.code === 0);
    },
  },
];

/** Afterwards: what was done, by whom, who let it happen. */
export const auditorSteps: Step[] = [
  {
    title: 'The auditor reconstructs the session',
    async run({ say, approvals, check, until, stack }) {
      say('The API server’s own audit events, with every decision riding on the event of the request it was about.');
      const session = stack.sessionOf('agent');
      await until('the session’s events are stored', async () => {
        // The proxy tells of a request at once, the API server, which knows the rules, in its next batch.
        const seen = await stack.approvals('approver', ['replay', session, '--no-wait']);
        const last = [/hello from 42/, /agent-was-here/, /never-delete-namespaces/, /not during the sale/];
        return last.every((part) => part.test(seen.stdout)) ? true : undefined;
      });
      const sessions = await approvals('approver', ['sessions']);
      check('the session is listed', sessions.code === 0 && sessions.stdout.includes(session));
      const replay = await approvals('approver', ['replay', session, '--no-wait']);
      check('the timeline has the refusal', /never-delete-namespaces/.test(replay.stdout));
      check('… the approval and its approver', /production-writes/.test(replay.stdout) && /alice/.test(replay.stdout));
      check('… the denial', /not during the sale/.test(replay.stdout));
      check('… and plays the terminal', /hello from 42/.test(replay.stdout));
    },
  },
  {
    title: 'The auditor asks in SQL',
    async run({ say, approvals, check }) {
      say('ClickHouse, embedded here; any ClickHouse client can ask the same.');
      const decided = await approvals('approver', [
        'sql',
        "SELECT decision, rule, count() AS requests FROM decisions WHERE username = 'coding-agent' GROUP BY ALL ORDER BY ALL",
      ]);
      check('decisions are counted', decided.code === 0 && /deny/.test(decided.stdout) && /allow/.test(decided.stdout));
      const leaked = await approvals('approver', [
        'sql',
        "SELECT count() AS leaks FROM audit_events WHERE position(concat(request_body, response_body), 'Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ') > 0 FORMAT TSV",
      ]);
      check('no secret value is in the store', leaked.code === 0 && leaked.stdout.trim() === '0');
      const refused = await approvals('approver', ['sql', 'DROP TABLE audit_events']);
      check('and the record cannot be dropped', refused.code !== 0);
    },
  },
  {
    title: 'The auditor verifies the record',
    async run({ say, approvals, check }) {
      say(
        'Every row is chained to the one before: what is changed, removed or put in afterwards breaks the chain there.',
      );
      const verified = await approvals('approver', ['verify']);
      check('the record is as it was written', verified.code === 0 && /audit_events/.test(verified.stdout));
    },
  },
];
