import type { JsonValue } from '../kubernetes/object.ts';
import { at, invalid, listAt, objectAt, onlyFields, onlyOnce, optionalTextAt, textAt } from './configuration-fields.ts';
import { compileIdentityExpression, type IdentityExpression, type IdentityVariable } from './identity-expression.ts';

/** An expression that must be true. */
export interface RuleExpression {
  expression: IdentityExpression;
  /** Empty: none was given. */
  message: string;
}

/** What must be true of a token's claims: one has exactly a value, or an expression over all. */
export type ClaimRule = { claim: string; value: string } | RuleExpression;

/** @throws HoldpointError ERR_CONFIG_INVALID with path and reason */
export function parseClaimRules(value: JsonValue | undefined, path: string): ClaimRule[] {
  const sources: string[] = [];
  const rules = listAt(value, path).map((each, index) => {
    const place = `${path}[${String(index)}]`;
    const rule = objectAt(each, place);
    onlyFields(rule, place, ['claim', 'requiredValue', 'expression', 'message']);
    const claim = optionalTextAt(rule.claim, at(place, 'claim'));
    const source = optionalTextAt(rule.expression, at(place, 'expression'));
    const required = optionalTextAt(rule.requiredValue, at(place, 'requiredValue'));
    const message = optionalTextAt(rule.message, at(place, 'message'));
    if (claim !== '' && source !== '') throw invalid(place, "claim and expression can't both be set");
    if (claim === '' && source === '') throw invalid(place, 'claim or expression is required');
    if (claim !== '' && message !== '') throw invalid(at(place, 'message'), 'may not be specified when claim is set');
    if (source !== '' && required !== '') {
      throw invalid(at(place, 'requiredValue'), 'may not be specified when expression is set');
    }
    sources.push(claim === '' ? `expression ${source}` : `claim ${claim}`);
    return claim === '' ? ruleAt(source, message, 'claims', place) : { claim, value: required };
  });
  onlyOnce(sources, (index) => `${path}[${String(index)}]`);
  return rules;
}

/** @throws HoldpointError ERR_CONFIG_INVALID with path and reason */
export function parseUserRules(value: JsonValue | undefined, path: string): RuleExpression[] {
  const sources: string[] = [];
  const rules = listAt(value, path).map((each, index) => {
    const place = `${path}[${String(index)}]`;
    const rule = objectAt(each, place);
    onlyFields(rule, place, ['expression', 'message']);
    const source = textAt(rule.expression, at(place, 'expression'));
    sources.push(source);
    return ruleAt(source, optionalTextAt(rule.message, at(place, 'message')), 'user', place);
  });
  onlyOnce(sources, (index) => `${path}[${String(index)}].expression`);
  return rules;
}

function ruleAt(source: string, message: string, variable: IdentityVariable, place: string): RuleExpression {
  const path = at(place, 'expression');
  const compiled = compileIdentityExpression(source, variable, path, ['bool']);
  if ('problem' in compiled) throw invalid(path, compiled.problem);
  return { expression: compiled.expression, message };
}
