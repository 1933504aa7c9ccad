import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import { answerHeaders } from './answer-headers.ts';

const mask = createMask(() => 'a'.repeat(64));

const type = ['Content-Type', 'application/json'];
const approved = ['Warning', '299 - "approved by alice (h-1)"'];
const deprecated = ['Warning', '299 - "v1beta1 is deprecated"'];
const notice = 'held 5s, approved by alice (h-1)';
const said = ['Warning', `299 - "${notice}"`];

test.each<{ situation: string; raw: string[]; options: Parameters<typeof answerHeaders>[1]; want: string[] }>([
  {
    situation: 'an answer: all but what speaks of the connection',
    raw: [...type, 'Connection', 'close', 'ETag', '"1"'],
    options: {},
    want: [...type, 'ETag', '"1"'],
  },
  {
    situation: 'an answer whose body is masked: nothing that described it before',
    raw: [...type, 'ETag', '"1"', 'Content-Length', '7'],
    options: { masked: { mask, how: {}, answerAs: 'json' } },
    want: type,
  },
  {
    situation: 'an approval that nobody waited for: as the webhook says it',
    raw: [...type, ...approved],
    options: {},
    want: [...type, ...approved],
  },
  {
    situation: 'an approval that was waited for: said once, and other warnings stay',
    raw: [...deprecated, ...approved, ...type],
    options: { notice },
    want: [...deprecated, ...type, ...said],
  },
  {
    situation: 'an approval of another hold beside it: both',
    raw: ['Warning', '299 - "approved by bob (h-2)"'],
    options: { notice },
    want: ['Warning', '299 - "approved by bob (h-2)"', ...said],
  },
  {
    situation: 'a notice that is no header as it stands: made one',
    raw: [],
    options: { notice: 'held by "Zoë"\n' },
    want: ['Warning', '299 - "held by \\"Zo?\\"?"'],
  },
  {
    situation: 'an answer written as YAML: says so',
    raw: [...type, 'ETag', '"1"'],
    options: { masked: { mask, how: {}, answerAs: 'yaml' } },
    want: ['Content-Type', 'application/yaml'],
  },
  {
    situation: 'a warning about a Secret that may quote it: withheld',
    raw: ['Warning', '299 - "it says \\"hunter2\\""', ...approved],
    options: { masked: { mask, how: { assumed: { kind: 'Secret' } }, answerAs: 'json' } },
    want: [
      'Warning',
      '299 - "a warning is withheld, because warnings about Secrets can quote their values"',
      ...approved,
    ],
  },
  {
    situation: 'a warning that quotes a password: masked',
    raw: ['Warning', '299 - "unknown: --password=hunter22x"'],
    options: { masked: { mask, how: {}, answerAs: 'json' } },
    want: ['Warning', `299 - "unknown: --password=holdpoint-mask:v1:${'a'.repeat(32)}:9"`],
  },
])('$situation', ({ raw, options, want }) => {
  expect(answerHeaders({ rawHeaders: raw }, options)).toEqual(want);
});
