import { expect, test } from '@jest/globals';
import { compileReadCel, toReadActivation, type ReadVariables } from './compile-cel.ts';

const request: ReadVariables = {
  verb: 'get',
  path: '/api/v1/namespaces/a/pods/p/exec',
  isResourceRequest: true,
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: 'exec',
  namespace: 'a',
  name: 'p',
  labelSelector: '',
  fieldSelector: '',
  command: ['cat', '/etc/passwd'],
  container: '',
  query: { command: ['cat', '/etc/passwd'], stdin: ['true'] },
  user: { username: 'bot', groups: ['agents'], extra: { 'holdpoint.dev/session': ['s-1'] } },
};

test.each([
  ['a field', 'request.verb == "get"', 'True'],
  ['a command', 'request.command.exists(word, word.startsWith("/etc/"))', 'True'],
  ['a command of another', 'request.command[0] in ["ls", "ps"]', 'False'],
  ['a parameter', '"stdin" in request.query && request.query["stdin"][0] == "true"', 'True'],
  ['a parameter that is not there, asked for safely', 'has(request.query.tty)', 'False'],
  ['a parameter that is not there', 'request.query["tty"][0] == "true"', 'Error'],
  ['the user', '"agents" in request.user.groups && request.user.username != "root"', 'True'],
  ['an extra', 'request.user.extra["holdpoint.dev/session"] == ["s-1"]', 'True'],
  ['a pattern', 'request.name.matches("^p+$")', 'True'],
])('evaluates %s', (_situation, source, want) => {
  const compiled = compileReadCel(source);
  if ('problem' in compiled) throw new Error(compiled.problem);
  expect(compiled.expression(toReadActivation(request)).type).toBe(want);
});

test.each([
  ['a field that is misspelled', 'request.verbb == "get"', 'No such key: verbb'],
  ['a field of the user that is misspelled', 'request.user.name == "bot"', 'No such key: name'],
  ['a list compared with a text', 'request.command == "ls"', 'no such overload'],
  ['what is no bool', 'request.verb', 'CEL must yield a bool, and this yields string'],
  ['an object, which a read has not', 'object.metadata.name == "a"', 'available: request'],
  ['what does not parse', 'request.verb ==', 'CEL does not parse'],
])('refuses %s', (_situation, source, want) => {
  expect(compileReadCel(source)).toEqual({ problem: expect.stringContaining(want) });
});
