import { readFileSync } from 'node:fs';
import {
  compilePolicy,
  evaluateRead,
  explainWrite,
  HoldpointError,
  isJsonObject,
  judge,
  messageOf,
  unanswerableHolds,
  writeOf,
  type AccessPolicy,
  type CompiledPolicy,
  type JsonValue,
  type NoMatch,
} from '@holdpoint/core';
import { parseYamlDocuments } from '@holdpoint/platform';
import { toPrintable } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { parseExample, type Example } from './example-request.ts';
import { isReadExample, parseReadExample, type ReadExample } from './example-read.ts';

const whys: Readonly<Record<string, string>> = {
  namespaces: 'another namespace',
  resourceRules: 'another resource or operation',
  guarded: 'gives permissions away, and the rule does not name it',
  objectSelector: 'the object’s labels differ',
  namespaceSelector: 'the namespace’s labels differ',
};

/**
 * Judges example requests by the very engine that enforces the policies, and tells how each verdict comes about.
 *
 * @returns how many expectations were not met
 * @throws HoldpointError ERR_CONFIG_INVALID naming file, document and path
 */
export function testPolicies(context: CommandContext, policyFiles: string[], requestFiles: string[]): number {
  const policies = policyFiles.flatMap(policiesIn).map(({ where, policy }) => compiled(where, policy));
  const examples = requestFiles.flatMap((file) =>
    documentsOf(file).map(({ where, document }) =>
      isReadExample(document) ? parseReadExample(document, where) : parseExample(document, where),
    ),
  );
  let failed = 0;
  for (const example of examples) {
    const met = 'reading' in example ? tellRead(context, policies, example) : tellExample(context, policies, example);
    if (!met) failed += 1;
  }
  const expected = examples.filter(({ expect, expectRule }) => expect !== undefined || expectRule !== undefined).length;
  context.print(
    `${String(examples.length)} requests judged; ${String(expected - failed)} of ${String(expected)} expectations met`,
  );
  return failed;
}

/** Tells every problem of policies, each with file, document and path. Returns how many there are. */
export function checkPolicies(context: CommandContext, files: string[]): number {
  let problems = 0;
  for (const { where, policy } of files.flatMap(policiesIn)) {
    const outcome = compilePolicy(policy);
    const found = 'problems' in outcome ? outcome.problems : unanswerableHolds(outcome.policy);
    problems += found.length;
    for (const { path, message } of found) context.print(toPrintable(`${where}: ${path}: ${message}`));
    if (found.length === 0)
      context.print(toPrintable(`${where}: AccessPolicy "${policy.metadata.name ?? ''}" compiles`));
  }
  return problems;
}

function tellExample(context: CommandContext, policies: CompiledPolicy[], example: Example): boolean {
  const { style, print } = context;
  const { request, namespaceObject, where, name } = example;
  const judgement = judge({
    request,
    policies,
    namespaceObject,
    containsMask: (text) => text.includes('holdpoint-mask:'),
    showsMasks: () => false,
  });
  const { strictest, policies: explained } = explainWrite(policies, writeOf(request, namespaceObject));
  const action = judgement.type === 'Pass' ? 'Allow' : judgement.type === 'Refuse' ? 'Deny' : 'Hold';
  const rule = judgement.type === 'Ask' ? judgement.verdict.rule : (judgement.annotations['rule'] ?? '');
  const policy = judgement.type === 'Ask' ? judgement.verdict.policy : (judgement.annotations['policy'] ?? '');
  print(style.heading(toPrintable(`${where}${name === undefined ? '' : ` ${name}`}`)));
  for (const each of explained) {
    print(toPrintable(`  policy ${each.policy}:`));
    for (const { rule: passed, why } of each.passedOver)
      print(toPrintable(`    ${passed}: passed over, ${whyInWords(why)}`));
    const { rule: decides, action: does, elevate, message } = each.verdict;
    const lent = elevate === undefined ? '' : `, elevates to ${elevate.join(', ')}`;
    print(toPrintable(`    ${decides}: ${does}${lent}${message === undefined ? '' : `, ${message}`}`));
  }
  if (strictest === undefined) print('  no policy governs this user');
  if (judgement.type === 'Refuse') print(toPrintable(`  refused: ${judgement.message}`));
  const by = [policy, rule].filter((part) => part !== '').join('/');
  print(toPrintable(`  => ${action}${by === '' ? '' : ` by ${by}`}`));
  const met =
    (example.expect === undefined || example.expect === action) &&
    (example.expectRule === undefined || example.expectRule === rule);
  if (!met) {
    const wanted = [example.expect, example.expectRule].filter((part) => part !== undefined).join(' by rule ');
    print(style.removed(toPrintable(`  FAILED: expected ${wanted}`)));
  }
  return met;
}

/** What the proxy would say. An Allow of what is no read leaves it to the webhook: an example of its own tells what that says. */
function tellRead({ style, print }: CommandContext, policies: CompiledPolicy[], example: ReadExample): boolean {
  const { where, name, user, reading, expect, expectRule } = example;
  const { action, policy, rule, message } = evaluateRead(policies, user, reading);
  print(style.heading(toPrintable(`${where}${name === undefined ? '' : ` ${name}`}`)));
  if (message !== '') print(toPrintable(`  refused: ${message}`));
  const by = [policy, rule === '' && policy !== '' ? 'default' : rule].filter((part) => part !== '').join('/');
  print(toPrintable(`  => ${action}${by === '' ? '' : ` by ${by}`}`));
  const met =
    (expect === undefined || expect === action) && (expectRule === undefined || expectRule === (rule || 'default'));
  if (!met) {
    const wanted = [expect, expectRule].filter((part) => part !== undefined).join(' by rule ');
    print(style.removed(toPrintable(`  FAILED: expected ${wanted}`)));
  }
  return met;
}

function whyInWords(why: NoMatch): string {
  return whys[why] ?? `${why} is false`;
}

function compiled(where: string, policy: AccessPolicy): CompiledPolicy {
  const outcome = compilePolicy(policy);
  if ('policy' in outcome) return outcome.policy;
  const lines = outcome.problems.map(({ path, message }) => `${where}: ${path}: ${message}`);
  throw new HoldpointError('ERR_CONFIG_INVALID', lines.join('\n'));
}

function policiesIn(file: string): { where: string; policy: AccessPolicy }[] {
  const policies = documentsOf(file).map(({ where, document }) => ({ where, policy: asPolicy(where, document) }));
  if (policies.length === 0) throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: no AccessPolicy in it`);
  return policies;
}

/** As much of the shape as the compiler takes for granted; the whole schema is the API server's to check. */
function asPolicy(where: string, document: unknown): AccessPolicy {
  const invalid = (path: string, expected: string): HoldpointError =>
    new HoldpointError('ERR_CONFIG_INVALID', `${where}: ${path}: expected ${expected}`);
  if (!isJsonObject(document) || document['kind'] !== 'AccessPolicy') throw invalid('kind', 'AccessPolicy');
  const { metadata, spec } = document;
  if (!isJsonObject(metadata) || typeof metadata['name'] !== 'string') throw invalid('metadata.name', 'a name');
  if (!isJsonObject(spec)) throw invalid('spec', 'an object');
  const { subjects } = spec;
  if (!Array.isArray(subjects)) throw invalid('spec.subjects', 'a list');
  subjects.forEach((subject, i) => {
    if (isJsonObject(subject) && typeof subject['name'] === 'string') return;
    throw invalid(`spec.subjects[${String(i)}].name`, 'a name');
  });
  const rules = spec['rules'] ?? [];
  if (!Array.isArray(rules)) throw invalid('spec.rules', 'a list');
  rules.forEach((rule, i) => {
    const path = `spec.rules[${String(i)}]`;
    if (!isJsonObject(rule) || typeof rule['name'] !== 'string') throw invalid(`${path}.name`, 'a name');
    if (!['Allow', 'Hold', 'Deny'].includes(String(rule['action'])))
      throw invalid(`${path}.action`, 'Allow, Hold or Deny');
    const { elevate } = rule;
    if (elevate !== undefined && !(isJsonObject(elevate) && isTextList(elevate['groups'])))
      throw invalid(`${path}.elevate.groups`, 'a list of names');
    if (!Array.isArray(rule['resourceRules'])) throw invalid(`${path}.resourceRules`, 'a list');
    rule['resourceRules'].forEach((each, j) => {
      for (const field of ['apiGroups', 'resources', 'operations']) {
        if (isJsonObject(each) && Array.isArray(each[field])) continue;
        throw invalid(`${path}.resourceRules[${String(j)}].${field}`, 'a list');
      }
    });
  });
  checkReads(spec['reads'] ?? {}, invalid);
  return document as unknown as AccessPolicy;
}

function checkReads(reads: JsonValue, invalid: (path: string, expected: string) => HoldpointError): void {
  if (!isJsonObject(reads)) throw invalid('spec.reads', 'an object');
  const rules = reads['rules'] ?? [];
  if (!Array.isArray(rules)) throw invalid('spec.reads.rules', 'a list');
  rules.forEach((rule, i) => {
    const path = `spec.reads.rules[${String(i)}]`;
    if (!isJsonObject(rule) || typeof rule['name'] !== 'string') throw invalid(`${path}.name`, 'a name');
    if (!['Allow', 'Deny'].includes(String(rule['action']))) throw invalid(`${path}.action`, 'Allow or Deny');
    if (!Array.isArray(rule['verbs'])) throw invalid(`${path}.verbs`, 'a list');
  });
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function documentsOf(file: string): { where: string; document: unknown }[] {
  let documents: unknown[];
  try {
    documents = parseYamlDocuments(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: ${messageOf(cause)}`, { cause });
  }
  return documents
    .map((document, i) => ({ where: `${file}, document ${String(i + 1)}`, document }))
    .filter(({ document }) => document !== null);
}
