import { expect, test } from '@jest/globals';
import { negotiate } from './negotiation.ts';

const table = 'as=Table;v=v1;g=meta.k8s.io';
const partial = 'as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

test.each<[string, string | undefined, boolean, string | number]>([
  ['nothing is said', undefined, false, 'json application/json'],
  ['anything will do', '*/*', false, 'json application/json'],
  [
    'protobuf is preferred, anything will do',
    'application/vnd.kubernetes.protobuf, */*',
    false,
    'json application/json',
  ],
  ['protobuf is preferred', 'application/vnd.kubernetes.protobuf,application/json', false, 'json application/json'],
  ['CBOR is preferred', 'application/cbor, application/json;q=0.5', false, 'json application/json'],
  [
    'kubectl asks for a table',
    `application/json;${table},application/json`,
    false,
    `json application/json;${table}, application/json`,
  ],
  [
    'a metadata informer asks',
    `application/vnd.kubernetes.protobuf;${partial},application/json;${partial},application/json`,
    true,
    `json application/json;${partial}, application/json`,
  ],
  ['YAML is preferred', 'application/yaml, application/json', false, 'yaml application/json'],
  ['a table in YAML is asked for', `application/yaml;${table}`, false, `yaml application/json;${table}`],
  ['YAML would do', 'application/yaml;q=0.1,application/json', false, 'json application/json'],
  ['a watch would be liked in YAML', 'application/yaml, application/json', true, 'json application/json'],
  ['YAML is the only one for a watch', 'application/yaml', true, 406],
  ['protobuf is the only one', 'application/vnd.kubernetes.protobuf', false, 406],
  ['protobuf is the only one for a watch', 'application/vnd.kubernetes.protobuf;stream=watch', true, 406],
  ['CBOR is the only one', 'application/cbor', false, 406],
  ['JSON is refused', 'application/json;q=0, application/cbor', false, 406],
  ['JSON Seq is no JSON', 'application/json-seq', false, 406],
  ['nothing is acceptable', ',', false, 406],
])('where %s', (_situation, accept, isStream, want) => {
  const got = negotiate(accept, isStream);
  expect('refused' in got ? got.refused.code : `${got.answerAs} ${got.accept}`).toBe(want);
});
