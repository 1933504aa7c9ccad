import { patternProblem } from '../cel/compile-cel.ts';
import { createCelEngine, firstLineOf, type CelEngine } from '../cel/engine.ts';
import { maxExpressionCost, maxRequestCost, type Meter } from '../cel/meter.ts';
import { HoldpointError } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** What an expression of an AuthenticationConfiguration sees: the token's claims, or the user that was made of them. */
export type IdentityVariable = 'claims' | 'user';

/** One expression, compiled. Where the API server would refuse it, it was refused at load. */
export interface IdentityExpression {
  /** Where it stands in the file. */
  path: string;
  /** `claims.email` and such: what it selects of its variable. */
  fields: readonly string[];
  /** Throws ERR_TOKEN_INVALID naming the path when it runs into an error, or costs too much. */
  evaluate(values: IdentityValues): unknown;
}

/** As the API server: no field is known of `claims`, and of `user` these are. Source: apiserver pkg/authentication/cel. */
const userFields = ['username', 'uid', 'groups', 'extra'];
const engines: Readonly<Record<IdentityVariable, CelEngine>> = {
  claims: createCelEngine({ claims: 'map<string, dyn>' }, { escapedFields: true }),
  user: createCelEngine({ user: 'map<string, dyn>' }, { escapedFields: true }),
};

/** One token's claims, or its user, for all the expressions that look at them. */
export class IdentityValues {
  readonly #value: JsonObject;
  readonly #meter: Meter;
  #converted: unknown;
  /** What the expressions may still cost, all together. */
  budget = maxRequestCost;

  constructor(variable: IdentityVariable, value: JsonObject) {
    this.#value = value;
    this.#meter = engines[variable].meter;
  }

  // Which of the two an expression may say, its engine knows.
  get claims(): unknown {
    return (this.#converted ??= toCel(this.#value, this.#meter));
  }

  get user(): unknown {
    return this.claims;
  }
}

/**
 * Compiles and type-checks; or says what is wrong with it. Never throws.
 *
 * @param types what it may yield. `dyn` is what only a token can tell; a rule that may not yield that compares: `… == true`
 */
export function compileIdentityExpression(
  source: string,
  variable: IdentityVariable,
  path: string,
  types: readonly string[],
): { expression: IdentityExpression } | { problem: string } {
  const engine = engines[variable];
  const checked = engine.check(source);
  if ('problem' in checked) return checked;
  const pattern = patternProblem(checked);
  if (pattern !== undefined) return { problem: pattern };
  const unknown = checked.fields.find(
    (field) => variable === 'user' && field.startsWith('user.') && !userFields.includes(field.slice('user.'.length)),
  );
  if (unknown !== undefined) return { problem: `CEL does not compile: undefined field ${unknown}` };
  const type = /^[a-z]+/.exec(checked.type)?.[0] ?? checked.type;
  if (!types.includes(type)) {
    const hint = type === 'dyn' && types.includes('bool') ? '; compare it, as in "… == true"' : '';
    return { problem: `must yield ${types.join(' or ')}, and this yields ${checked.type}${hint}` };
  }
  return {
    expression: {
      path,
      fields: checked.fields,
      evaluate(values) {
        const limit = Math.min(maxExpressionCost, values.budget);
        try {
          return checked.evaluate(values, limit);
        } catch (cause) {
          throw new HoldpointError('ERR_TOKEN_INVALID', `${path}: ${firstLineOf(cause)}`, { cause });
        } finally {
          values.budget -= limit - checked.left();
        }
      },
    },
  };
}

/**
 * JSON as the API server shows it to these expressions: every number is a double, whole or not, unlike in admission.
 * Source: plugin/pkg/authenticator/token/oidc newClaimsValue, which decodes into Go's `any`.
 */
function toCel(value: JsonValue, meter: Meter): unknown {
  meter.spend(1);
  if (Array.isArray(value)) return value.map((each) => toCel(each, meter));
  if (!isJsonObject(value)) return value;
  return new Map(Object.entries(value).map(([key, each]) => [key, toCel(each as JsonValue, meter)]));
}
