/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

/** Tests that take minutes have commands of their own: test/long.config.ts. */
export const LONG = ['test/e2e', 'test/faults', 'test/strain'];

const config: Config = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...LONG.map((folder) => `<rootDir>/${folder}/`)],
  globalSetup: '<rootDir>/test/harness/global-setup.ts',
  globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  // Many tests wait for processes, so two are worth it even on two processors; more than four crowd
  // PostgreSQL.
  maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
  reporters: ['default', '<rootDir>/test/harness/nothing-selected.cjs'],
  testTimeout: 30_000,
};

export default config;
