/** Thrown when an evaluation has cost too much. Nothing in an expression can catch it, unlike any other error. */
export class EvaluationLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EvaluationLimitError';
  }
}

/**
 * What one expression may cost: Kubernetes' own PerCallLimit, which stands for about 0.1 s. A unit is one step of an
 * evaluation or ten characters read or written; measured here, a unit takes 20 to 100 ns.
 */
export const maxExpressionCost = 1_000_000;

/** What all expressions over one request may cost: Kubernetes' own budget for the match conditions of a webhook, ¼ s. */
export const maxRequestCost = 2_500_000;

/** As in Kubernetes' cost model: reading or writing a character is a tenth of a step. */
const costOfCharacter = 0.1;

/** An error that an && or a loop makes good costs its stack trace: some microseconds, as much as fifty steps. */
export const costOfError = 50;

/**
 * No string of more characters is made: the largest value of an object that an API server stores is 1.5 MiB, and what a
 * person compares with is far shorter. A string that doubles itself over and over ends here.
 */
export const maxStringLength = 1_048_576;

/**
 * Counts what an evaluation costs. The data are chosen by the agent that is judged: a time limit alone would end an
 * evaluation sooner on one replica than on another, a count ends it at the same step everywhere.
 */
export class Meter {
  #left = 0;

  /** Begins an evaluation that may spend so much. */
  start(limit: number): void {
    this.#left = limit;
  }

  get left(): number {
    return this.#left;
  }

  /** @throws EvaluationLimitError once more was spent than there is, and at each spending after that */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new EvaluationLimitError('the evaluation costs too much and was cut off');
  }

  spendCharacters(count: number): void {
    this.spend(count * costOfCharacter);
  }

  /** Pays for a string that is about to be made. @throws EvaluationLimitError when it would be too long */
  spendString(length: number): void {
    if (length > maxStringLength) {
      throw new EvaluationLimitError(
        `a string of ${String(length)} characters was to be made, and ${String(maxStringLength)} are allowed`,
      );
    }
    this.spendCharacters(length);
  }
}
