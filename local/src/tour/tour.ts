import type { Narrator } from '../narrator.ts';
import type { Stack } from '../stack.ts';
import { readSteps, writeSteps } from './steps-agent.ts';
import { auditorSteps, bystanderSteps } from './steps-others.ts';
import { runStep, type Step, type StepOutcome } from './story.ts';

/** The scenario, in the order in which it is told. Later steps build on what earlier ones did. */
export const steps: readonly Step[] = [...readSteps, ...writeSteps, ...bystanderSteps, ...auditorSteps];

/** Walks the whole scenario on a running stack and tells how each step went. */
export async function runTour(stack: Stack, narrator: Narrator): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  for (const [i, step] of steps.entries()) {
    const numbered = { ...step, title: `${String(i + 1)}. ${step.title}` };
    outcomes.push(await runStep(numbered, stack, narrator));
  }
  return outcomes;
}
