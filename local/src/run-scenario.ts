import { listenForInterruption } from './interruption.ts';
import type { Narrator } from './narrator.ts';
import { startScenario } from './scenario.ts';
import type { Stack } from './stack.ts';

/** The shell's own code for a program that Ctrl-C ended. */
const interruptedCode = 130;

/**
 * Brings the scenario up, hands it to `use`, and takes it down again, whatever happens.
 *
 * @param use gets the stack, and a promise of the first wish to end; resolves with the exit code
 * @returns that code, or 130 when it was interrupted before the stack was up
 */
export async function runScenario(
  narrator: Narrator,
  use: (stack: Stack, interrupted: Promise<NodeJS.Signals>) => Promise<number>,
): Promise<number> {
  const interruption = listenForInterruption();
  try {
    const starting = startScenario({
      signal: interruption.signal,
      onProgress: (text) => narrator.say(`… ${text}`),
    });
    const stack = await Promise.race([starting, interruption.happened]);
    if (typeof stack === 'string') {
      await starting.then(
        (late) => late.close(),
        () => undefined, // It was given up because of that very interruption, and has cleaned up after itself.
      );
      return interruptedCode;
    }
    try {
      return await use(stack, interruption.happened);
    } finally {
      await stack.close();
    }
  } finally {
    interruption.ignore();
  }
}
