import { command, commandOf, type Command } from './command.ts';

/** What a command shows otherwise through the proxy, on purpose: all of these fail both ways, and change nothing. */
interface Difference {
  /** The row's name, and the reason. */
  why: string;
  command: Command;
  /** Part of what stands on standard error. */
  direct: string;
  /** All of it. */
  proxied: string;
}

const patch = (type: string, body: unknown): Command =>
  commandOf(['patch', 'configmap', 'settings', `--type=${type}`, '-p', JSON.stringify(body)]);

export const differences: readonly Difference[] = [
  {
    why: 'acting for somebody else is not for a governed agent, whatever RBAC says',
    command: command('get pods --as=carol'),
    direct: 'User "carol" cannot list resource "pods"',
    proxied: "Error from server (Forbidden): the header impersonate-user is not the client's to set\n",
  },
  {
    why: 'a JSON patch may not test a key of a ConfigMap: whether it is masked is known only by who reads it, and the answer would confirm a guess',
    command: patch('json', [{ op: 'test', path: '/data/colour', value: 'green' }]),
    direct: 'the server rejected our request due to an error in our request',
    proxied:
      'Error from server (Forbidden): operation 0 of the JSON patch: copy, move and test are served only where no masked value may ' +
      'lie, because they could show or confirm one; write the value itself\n',
  },
  {
    why: 'an object that a failure quotes whole, in a text cut anywhere, is withheld; what is wrong with it is told',
    command: patch('merge', { data: { number: 5 } }),
    direct: '"{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"app.yaml\\"',
    proxied:
      'The request is invalid: patch: Invalid value: "{… withheld …}": json: cannot unmarshal number into Go struct field ' +
      'ConfigMap.data of type string\n',
  },
];
