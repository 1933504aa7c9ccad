import { shared } from './jest.config.js';

/** One file after the other: each brings up a whole cluster of its own. */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts', '<rootDir>/test/bypass/**/*.test.ts'],
  maxWorkers: 1,
};
