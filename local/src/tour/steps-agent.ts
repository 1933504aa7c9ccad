import { deployment } from './manifests.ts';
import type { Step } from './story.ts';
import { pendingHold } from './waiting.ts';

/** What the tour's Secret holds; it must never reach the agent in any form. */
export const password = 'correct-horse-battery-staple';
const passwordBase64 = Buffer.from(password).toString('base64');

/** Reads: harmless ones go through, Secrets come masked. */
export const readSteps: Step[] = [
  {
    title: 'The agent looks around',
    async run({ say, kubectl, check }) {
      say('Plain kubectl, pointed at the proxy by its kubeconfig. Harmless reads go straight through.');
      const pods = await kubectl('agent', ['get', 'pods', '-n', 'prod']);
      check(
        'kubectl lists the pods',
        pods.code === 0 && pods.stdout.includes('web-') && pods.stdout.includes('Running'),
      );
    },
  },
  {
    title: 'The agent reads a Secret: names, but no values',
    async run({ say, kubectl, check, look }) {
      say('RBAC lets the agent read Secrets. The proxy masks every value, in every form kubectl can ask for.');
      const real = await look(['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'jsonpath={.data.password}']);
      check('the real value is in the cluster (an admin sees it)', real === passwordBase64);
      for (const args of [
        ['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'yaml'],
        ['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'jsonpath={.data.password}'],
        ['get', 'secrets', '-n', 'prod'],
      ]) {
        const answer = await kubectl('agent', args);
        const text = answer.stdout + answer.stderr;
        check('an answer, without the value', answer.code === 0 && !text.includes(password) && !text.includes(real));
      }
      const yaml = await kubectl('agent', ['describe', 'secret', 'db-credentials', '-n', 'prod']);
      check('the names of the keys are there', yaml.stdout.includes('password') && yaml.stdout.includes('username'));
    },
  },
];

/** Writes: refused, allowed, held. */
export const writeSteps: Step[] = [
  {
    title: 'The agent deletes a namespace: refused',
    async run({ say, kubectl, check, look }) {
      say('A Deny rule. RBAC would allow it; the webhook answers with the rule’s own words.');
      const answer = await kubectl('agent', ['delete', 'namespace', 'dev']);
      check('kubectl fails and prints the message', answer.code !== 0 && answer.stderr.includes('Ask in #platform.'));
      const phase = await look(['get', 'namespace', 'dev', '-o', 'jsonpath={.status.phase}']);
      check('the namespace is still there', phase === 'Active');
    },
  },
  {
    title: 'The agent scales a little: allowed',
    async run({ say, kubectl, check, look }) {
      say('An Allow rule with a CEL condition: up to ten replicas need no approval.');
      const answer = await kubectl('agent', ['scale', 'deployment', 'web', '-n', 'prod', '--replicas', '3']);
      check('kubectl succeeds', answer.code === 0);
      const replicas = await look(['get', 'deployment', 'web', '-n', 'prod', '-o', 'jsonpath={.spec.replicas}']);
      check('the deployment has three replicas', replicas === '3');
    },
  },
  {
    title: 'The agent deploys to production: held, approved, done',
    async run({ say, start, approvals, kubectl, check, look, output, stack, until }) {
      say('A Hold rule. The agent’s kubectl simply waits, while a person is asked about exactly this change.');
      const input = deployment('checkout', 'registry.example/shop/checkout:1.0');
      const waiting = start('agent', ['apply', '-f', '-'], { input, show: 'kubectl apply -f checkout.yaml' });
      const hold = await until('a hold is pending', () => pendingHold(stack, 'checkout'));
      check('nothing is deployed yet', !(await look(['get', 'deployments', '-n', 'prod'])).includes('checkout'));
      const inbox = await kubectl('approver', ['approvals', 'list']);
      check('the approver’s inbox shows it (the CLI is a kubectl plugin too)', inbox.stdout.includes(hold));
      const shown = await approvals('approver', ['show', hold]);
      check('the approver sees who', shown.stdout.includes('coding-agent'));
      check('… why', shown.stdout.includes('production-writes'));
      check('… and exactly what', shown.stdout.includes('registry.example/shop/checkout:1.0'));
      const own = await kubectl('agent', ['annotate', 'hold', hold, 'holdpoint.dev/decision=approve']);
      check('the agent cannot approve it itself', own.code !== 0);
      check('kubectl is still waiting', !waiting.ended());
      const approved = await approvals('approver', ['approve', hold, '--reason', 'release 1.0, see CHG-17']);
      check('the approval is taken', approved.code === 0);
      const done = await waiting.finished;
      output(done.stdout + done.stderr);
      check('the waiting kubectl finished by itself', done.code === 0 && done.stdout.includes('created'));
      check('… and says who approved', done.stderr.includes('approved by alice'));
      const image = await imageOf(look, 'checkout');
      check('the cluster runs what was approved', image === 'registry.example/shop/checkout:1.0');
    },
  },
  {
    title: 'The same again with another version: denied, with a reason',
    async run({ say, start, approvals, check, look, output, stack, until }) {
      say('A denial is for reading: the agent is told why, in the reviewer’s words.');
      const input = deployment('checkout', 'registry.example/shop/checkout:2.0');
      const waiting = start('agent', ['apply', '-f', '-'], { input, show: 'kubectl apply -f checkout.yaml' });
      const hold = await until('a hold is pending', () => pendingHold(stack, 'checkout'));
      const shown = await approvals('approver', ['show', hold]);
      check('the approver sees both sides of the change', /checkout:1\.0[^]*checkout:2\.0/.test(shown.stdout));
      await approvals('approver', ['deny', hold, '--reason', 'not during the sale; ask again on Monday']);
      const done = await waiting.finished;
      output(done.stdout + done.stderr);
      check('kubectl fails', done.code !== 0);
      check('… and prints the reason', done.stderr.includes('not during the sale; ask again on Monday'));
      check('the cluster runs what it ran', (await imageOf(look, 'checkout')) === 'registry.example/shop/checkout:1.0');
    },
  },
  {
    title: 'One byte changed after the approval: held anew',
    async run({ say, start, kubectl, approvals, check, look, stack, until }) {
      say(
        'A person approves content, not a name. The agent asks for 1.1, gives up waiting, and is approved meanwhile.',
      );
      const asked = deployment('checkout', 'registry.example/shop/checkout:1.1');
      const first = start('agent', ['apply', '-f', '-'], { input: asked, show: 'kubectl apply -f checkout-1.1.yaml' });
      const hold = await until('a hold is pending', () => pendingHold(stack, 'checkout'));
      first.kill();
      await first.finished;
      await approvals('approver', ['approve', hold]);

      say('Now it sends 1.2 instead.');
      const other = deployment('checkout', 'registry.example/shop/checkout:1.2');
      const second = start('agent', ['apply', '-f', '-'], { input: other, show: 'kubectl apply -f checkout-1.2.yaml' });
      const another = await until('another hold is pending', () => pendingHold(stack, 'checkout'));
      check('it is another question', another !== hold);
      check('nothing has changed', (await imageOf(look, 'checkout')) === 'registry.example/shop/checkout:1.0');
      second.kill();
      await second.finished;

      say('What was approved still passes, at once.');
      const third = await kubectl('agent', ['apply', '-f', '-'], {
        input: asked,
        show: 'kubectl apply -f checkout-1.1.yaml',
      });
      check('kubectl succeeds', third.code === 0);
      check('the cluster runs 1.1', (await imageOf(look, 'checkout')) === 'registry.example/shop/checkout:1.1');
      const phase = await look(['get', 'hold', hold, '-o', 'jsonpath={.status.phase}']);
      check('the approval is used up', phase === 'Used');
    },
  },
  {
    title: 'Straight to the API server, past the proxy: held too',
    async run({ say, start, approvals, check, look, output, stack, until }) {
      say(
        'Writes are judged at the API server. Without the proxy kubectl waits as well: it is told when to ask again.',
      );
      const waiting = start('agent-direct', ['delete', 'deployment', 'checkout', '-n', 'prod', '--wait=false']);
      const hold = await until('a hold is pending', () => pendingHold(stack, 'checkout', 'DELETE'));
      check('the deployment is still there', (await imageOf(look, 'checkout')) !== '');
      await approvals('approver', ['approve', hold, '--reason', 'no longer needed']);
      const done = await waiting.finished;
      output(done.stdout + done.stderr);
      check('kubectl asked again by itself and succeeded', done.code === 0 && done.stdout.includes('deleted'));
      check('the deployment is gone', (await imageOf(look, 'checkout')) === '');
    },
  },
  {
    title: 'The agent opens a terminal: recorded',
    async run({ say, kubectl, check, look }) {
      say('Every byte is handed to the recorder before it is forwarded. No recorder, no terminal.');
      const pods = await look(['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
      const pod = pods.split('\n')[0] ?? '';
      const answer = await kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'sh', '-c', 'echo hello from $((40+2))']);
      check('the command ran', answer.code === 0 && answer.stdout.includes('hello from 42'));
    },
  },
];

async function imageOf(look: (args: string[]) => Promise<string>, name: string): Promise<string> {
  const path = 'jsonpath={.spec.template.spec.containers[0].image}';
  return await look(['get', 'deployment', name, '-n', 'prod', '--ignore-not-found', '-o', path]);
}
