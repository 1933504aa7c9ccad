import { pathsBehind, secretNameKind, type AnswerMasking, type RequestInfo } from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';
import { queryValues } from '../request/proxy-request.ts';

/**
 * A selector is a question about a value: that a list comes back full or empty answers it. Refused for fields and labels whose
 * values are masked; and where any may be, for comparing labels by size, by which a number is found in a few steps.
 */
export function refuseSelector(info: RequestInfo, how: AnswerMasking | undefined, url: string): Refusal | undefined {
  if (how === undefined || !url.includes('?')) return undefined;
  return (
    refuseFields(info, how, queryValues(url, 'fieldSelector')) ??
    refuseLabels(info, how, queryValues(url, 'labelSelector'))
  );
}

function refuseFields(info: RequestInfo, how: AnswerMasking, selectors: readonly string[]): Refusal | undefined {
  for (const term of selectors.flatMap((selector) => selector.split(','))) {
    const field = term.split(/[=!]/, 1)[0]?.trim() ?? '';
    const steps = field.split('.');
    if (field.startsWith('metadata.')) continue;
    if (mayBeNamed(how, steps) || hasSecretName(how, steps.at(-1) ?? '')) return refused('field selector', field, info);
  }
  return undefined;
}

/** A label's name, and what of its value is asked; without that, it is asked whether there is one. */
const labelTerm = /(?:^|,)\s*!?\s*([^\s,=!<>()]+)\s*(==?|!=|<|>|(?:not)?in\b)/g;

function refuseLabels(info: RequestInfo, how: AnswerMasking, selectors: readonly string[]): Refusal | undefined {
  const mayBeMasked = how.assumed !== undefined || how.detectors === 'all' || how.fields.length > 0;
  for (const [, label = '', operator = ''] of selectors.flatMap((selector) => [...selector.matchAll(labelTerm)])) {
    const name = label.slice(label.indexOf('/') + 1);
    const isMasked = pathsBehind(how.fields, ['metadata', 'labels', label]).some((left) => left.length === 0);
    if (isMasked || hasSecretName(how, name)) {
      return refused('label selector', `label ${label}`, info);
    }
    if (mayBeMasked && (operator === '<' || operator === '>')) {
      return refuse(
        'forbidden',
        `the label selector compares ${label} of ${info.resource} by size, which could find out a masked value; ask for the ` +
          'labels with = or in',
      );
    }
  }
  return undefined;
}

/** The API server's names of fields are nearly, but not always, their paths. */
function mayBeNamed(how: AnswerMasking, steps: readonly string[]): boolean {
  return how.fields.some((path) => {
    const step = path.at(-1);
    return step === undefined || step.step === 'every' || step.step === 'index' || steps.includes(step.name);
  });
}

function hasSecretName(how: AnswerMasking, name: string): boolean {
  return how.detectors === 'all' && secretNameKind(name) === 'strong';
}

function refused(selector: string, what: string, { resource }: RequestInfo): Refusal {
  return refuse('forbidden', `the ${selector} asks for the value of ${what} of ${resource}, which is masked`);
}
