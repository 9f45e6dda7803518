/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import base, { LONG } from '../jest.config';

/**
 * The tests that take minutes, which `npm test` leaves out: npm run e2e, npm run faults, npm run
 * strain.
 */
const config: Config = {
  ...base,
  rootDir: '..',
  testMatch: LONG.map((folder) => `<rootDir>/${folder}/**/*.test.ts`),
  testPathIgnorePatterns: ['/node_modules/'],
};

export default config;
