/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';
import base from '../../jest.config';

/** The tests of faults, which `npm test` leaves out: npm run faults. */
const config: Config = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/faults/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};

export default config;
