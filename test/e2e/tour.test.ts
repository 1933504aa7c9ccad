import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createNarrator, runStep, startScenario, steps, type Stack } from '@holdpoint/local';

/** The tour itself, step by step, on one stack: what a reader is told must be true. */
describe('the tour', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test.each(steps.map((step) => [step.title, step] as const))(
    '%s',
    async (_title, step) => {
      let told = '';
      const narrator = createNarrator({ write: (text) => (told += text) }, false);
      const outcome = await runStep(step, stack, narrator);
      if (outcome.failures.length > 0) console.error(told);
      expect(outcome.failures).toEqual([]);
      expect(outcome.checks).toBeGreaterThan(0);
    },
    180_000,
  );
});
