/** Told how a call to somebody else ended, and how many milliseconds it took. */
export type CallObserver = (result: 'ok' | 'failed', tookMs: number) => void;

/** The same call, of which is told. @param elapsed milliseconds that only go on */
export function timed<Args extends unknown[], Answer>(
  call: (...args: Args) => Promise<Answer>,
  elapsed: () => number,
  onEnd: CallObserver,
): (...args: Args) => Promise<Answer> {
  return async (...args) => {
    const startedAt = elapsed();
    try {
      const answer = await call(...args);
      onEnd('ok', elapsed() - startedAt);
      return answer;
    } catch (error) {
      onEnd('failed', elapsed() - startedAt);
      throw error;
    }
  };
}
