import { canonicalJson, type JsonValue, type Subject } from '@holdpoint/core';
import { elevatedClause, governedExpression, judgeName, type WebhookConfiguration } from './configurations.ts';

type Webhook = WebhookConfiguration['webhooks'][number];

/**
 * Why the API server would not ask about every write of these subjects, field by field; empty when it would. Compares what
 * it has with what it should have; of who is governed, only whether these subjects are.
 */
export function uncovered(
  actual: WebhookConfiguration | undefined,
  wanted: WebhookConfiguration,
  subjects: readonly Subject[],
): string[] {
  const reasons: string[] = [];
  for (const should of wanted.webhooks) {
    const is = actual?.webhooks.find(({ name }) => name === should.name);
    if (is === undefined) reasons.push(`${should.name} is not registered`);
    else reasons.push(...differences(is, should, should.name === judgeName ? subjects : undefined));
  }
  return reasons;
}

function differences(is: Webhook, should: Webhook, subjects: readonly Subject[] | undefined): string[] {
  const fields = new Set([...Object.keys(is), ...Object.keys(should)]) as Set<keyof Webhook>;
  return [...fields].flatMap((field) => {
    if (isSame(is[field], should[field])) return [];
    if (field === 'matchConditions' && subjects !== undefined && covers(is, should, subjects)) return [];
    return [`${should.name} has other ${field}`];
  });
}

/** True when only the list of the governed differs, and these subjects are in it. */
function covers(is: Webhook, should: Webhook, subjects: readonly Subject[]): boolean {
  const others = (webhook: Webhook) => (webhook.matchConditions ?? []).filter(({ name }) => name !== 'governed');
  const governed = (is.matchConditions ?? []).filter(({ name }) => name === 'governed');
  if (!isSame(others(is), others(should)) || governed.length !== 1) return false;
  const registered = governedSubjects(governed[0]?.expression ?? '');
  if (registered === undefined) return false;
  // What is registered with these subjects added is what is registered: they are there.
  return governedExpression([...registered, ...subjects]) === governedExpression(registered);
}

/**
 * Who an expression of ours governs: the inverse of `governedExpression`. Undefined for anything that is not exactly what it
 * writes: an expression that is like ours may mean something else.
 */
export function governedSubjects(expression: string): Subject[] | undefined {
  if (!expression.endsWith(elevatedClause)) return undefined;
  const parts =
    /^(?:request\.userInfo\.username in (\[.*?\]) \|\| )?(?:\(has\(request\.userInfo\.groups\) && request\.userInfo\.groups\.exists\(g, g in (\[.*\])\)\) \|\| )?$/s.exec(
      expression.slice(0, -elevatedClause.length),
    );
  if (parts === null) return undefined;
  try {
    const names = (list: string | undefined): string[] => (list === undefined ? [] : (JSON.parse(list) as string[]));
    const subjects: Subject[] = [
      ...names(parts[1]).map((name) => ({ kind: 'User' as const, name })),
      ...names(parts[2]).map((name) => ({ kind: 'Group' as const, name })),
    ];
    return governedExpression(subjects) === expression ? subjects : undefined;
  } catch {
    return undefined; // No JSON: not ours.
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson((a ?? null) as JsonValue) === canonicalJson((b ?? null) as JsonValue);
}
