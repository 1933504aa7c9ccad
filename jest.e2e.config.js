import { shared } from './jest.config.js';

/** One file after the other: each brings up a whole cluster of its own. */
export default {
  ...shared,
  testMatch: ['e2e', 'bypass', 'leaks', 'differential'].map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  globalSetup: '<rootDir>/test/src/before-all-stacks.ts',
  maxWorkers: 1,
  // No test measures time by failing: a busy machine is slow, and what never ends ends here.
  testTimeout: 120_000,
};
