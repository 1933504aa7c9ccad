/** Where in the policy, and what is wrong there. */
export interface PolicyProblem {
  path: string;
  message: string;
}

/** What is wrong with namespace patterns: a name, in which `*` may stand for anything. */
export function namespacePatternProblems(patterns: readonly string[], path: string): PolicyProblem[] {
  return patterns.flatMap((pattern, i) =>
    /^[a-z0-9*-]+$/.test(pattern)
      ? []
      : [
          {
            path: `${path}[${String(i)}]`,
            message: `"${pattern}" is no namespace's name, nor a pattern of a-z, 0-9, - and *`,
          },
        ],
  );
}
