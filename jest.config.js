import { availableParallelism } from 'node:os';
import { specsOf } from './test/suites.js';

/** The suite that `test/run.js` was asked for. All of them where there is none. */
const suite = process.env['TEST_SUITE'];

export default {
  testEnvironment: 'node',
  testMatch:
    suite === undefined
      ? ['<rootDir>/test/**/*spec.ts']
      : specsOf(suite).map((path) => `<rootDir>/test/${path}`),
  // The tests wait for processes and browsers half of the time.
  maxWorkers: availableParallelism() + 1,
  reporters: ['default', '<rootDir>/test/support/reporter.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
          },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // The real agent takes a second to start, on a shared machine several.
  testTimeout: 30_000,
};
