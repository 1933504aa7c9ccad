import { expect, test } from '@jest/globals';
import { candidatesFor, type CommandShape } from './candidates.ts';

const leaf = (name: string, argument = '', flags: CommandShape['flags'] = []): CommandShape => ({
  name,
  aliases: [],
  flags,
  argument,
  commands: [],
});
const reason = { names: ['--reason', '-r'], takesValue: true, choices: [] };
const output = { names: ['--output', '-o'], takesValue: true, choices: ['json', 'yaml'] };
const root: CommandShape = {
  ...leaf('approvals', '', [{ names: ['--context'], takesValue: true, choices: [] }]),
  commands: [
    leaf('approve', 'hold', [reason]),
    leaf('list', '', [output]),
    leaf('grant', '', [{ names: ['--rule'], takesValue: true, choices: [] }]),
    leaf('revoke', 'grant'),
  ],
};
const lookup = (what: string): Promise<string[]> =>
  Promise.resolve(what === 'hold' ? ['h-2', 'h-1', 'h-$(id)'] : what === 'rule' ? ['p/r'] : ['g-1']);

test.each([
  { situation: 'nothing yet: every command', words: [''], want: ['approve', 'grant', 'list', 'revoke'] },
  { situation: 'a command begun', words: ['ap'], want: ['approve'] },
  { situation: 'a hold; one that a shell would run is not offered', words: ['approve', 'h-'], want: ['h-1', 'h-2'] },
  { situation: 'a hold after a flag with its value', words: ['approve', '-r', 'list', ''], want: ['h-1', 'h-2'] },
  { situation: 'the value of a flag: nothing is known', words: ['approve', '-r', ''], want: [] },
  { situation: 'a flag', words: ['approve', '--'], want: ['--context', '--reason'] },
  { situation: 'a flag with choices', words: ['list', '-o', 'j'], want: ['json'] },
  { situation: 'a rule', words: ['grant', 'bot', '--rule', ''], want: ['p/r'] },
  { situation: 'a grant', words: ['revoke', ''], want: ['g-1'] },
])('$situation', async ({ words, want }) => {
  expect(await candidatesFor(root, words, lookup)).toEqual(want);
});

test('a cluster that does not answer: nothing, and no error', async () => {
  expect(await candidatesFor(root, ['approve', ''], () => Promise.reject(new Error('gone')))).toEqual([]);
});
