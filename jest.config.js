/** Unit tests lie beside the code. What crosses packages runs on real stacks: see jest.e2e.config.js. */
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
};

export const shared = {
  rootDir: import.meta.dirname,
  transform,
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  // Build output repeats the packages' names.
  modulePathIgnorePatterns: ['<rootDir>/.build/'],
};

export default {
  ...shared,
  testMatch: [
    '<rootDir>/*/src/**/*.test.ts',
    '<rootDir>/test/bench/**/*.test.ts',
    '<rootDir>/test/conformance/**/*.test.ts',
    '<rootDir>/test/corpus/**/*.test.ts',
    '<rootDir>/test/fuzz/**/*.test.ts',
  ],
};
