/** The one door to the CEL library: its values and its environment. What it makes of an expression is in engine.ts. */
export { Environment, Optional } from '@marcbachmann/cel-js';
export { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
