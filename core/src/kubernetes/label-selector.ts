import { isJsonObject, type JsonValue } from './object.ts';

/** metav1.LabelSelector. Empty matches everything. Source: apimachinery meta/v1 types.go. */
export interface LabelSelector {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly LabelRequirement[];
}

export interface LabelRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** True when the labels meet every requirement. As in Kubernetes, NotIn is also met by a label that is not there. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => valueOf(key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(requirement, valueOf(requirement.key)))
  );
}

/** What is wrong with a selector, each with its path below it. Source: apimachinery LabelSelectorAsSelector. */
export function selectorProblems(selector: LabelSelector): { path: string; message: string }[] {
  return (selector.matchExpressions ?? []).flatMap(({ operator, values }, i) => {
    const path = `matchExpressions[${String(i)}].values`;
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues && (values ?? []).length === 0) return [{ path, message: `${operator} needs values` }];
    if (!needsValues && (values ?? []).length > 0) return [{ path, message: `${operator} takes no values` }];
    return [];
  });
}

/** The labels of any object; none for what is no object or has none. */
export function labelsOf(object: JsonValue): Labels {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const labels = isJsonObject(metadata) ? metadata['labels'] : undefined;
  if (!isJsonObject(labels)) return {};
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function meets({ operator, values = [] }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
