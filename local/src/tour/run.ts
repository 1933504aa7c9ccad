import type { Narrator } from '../narrator.ts';
import { runScenario } from '../run-scenario.ts';
import { runTour } from './tour.ts';

/**
 * Brings a stack up, walks the tour, takes the stack down.
 *
 * @returns the exit code: 0 when every step did what it says
 */
export async function tour(narrator: Narrator): Promise<number> {
  const startedAt = Date.now();
  narrator.title('Holdpoint: the tour');
  narrator.say('A real control plane, the real services, and unmodified kubectl, all on this machine.');
  return await runScenario(narrator, async (stack, interrupted) => {
    const outcomes = await Promise.race([runTour(stack, narrator), interrupted]);
    if (typeof outcomes === 'string') return 130;
    const checks = outcomes.reduce((sum, outcome) => sum + outcome.checks, 0);
    const failed = outcomes.filter((outcome) => outcome.failures.length > 0);
    narrator.title('Summary');
    for (const outcome of outcomes) {
      narrator.check({
        what: `${outcome.title}${outcome.failures.length === 0 ? '' : `: ${outcome.failures.join('; ')}`}`,
        held: outcome.failures.length === 0,
      });
    }
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    narrator.say(
      `${String(outcomes.length - failed.length)} of ${String(outcomes.length)} steps did what they say, ` +
        `${String(checks)} checks, ${String(seconds)} s.`,
    );
    return failed.length === 0 ? 0 : 1;
  });
}
