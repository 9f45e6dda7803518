/**
 * Import walls, each with the reason why it stands. A new dependency between parts starts with a
 * change here. The linter checks all of them; test/tidy checks those by path at each run of the
 * tests.
 */
const TESTS = '\\.(test|fixture)\\.ts$';

const ban = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    ban('no-cycles', 'A cycle is one module in several files. Types count as well.', {}, { circular: true }),
    ban(
      'lib-knows-no-product',
      'lib is what two programs share, such as words, limits and forms of texts: it drags no program in.',
      { path: '^lib/' },
      { path: '^(services|cli|test|bench)/' },
    ),
    ban(
      'worker-has-no-database',
      'A worker stands in a network that the database must not be reachable from; it may not even hold the driver.',
      { path: '^services/(worker/|server/worker-)' },
      { path: '^(services/(controller|dev)/|cli/|node_modules/(pg|kysely)/)' },
    ),
    ban(
      'proxy-is-injected',
      'The data plane gets its decisions through interfaces, so that it can be tested and simulated without a stream.',
      { path: '^services/worker/proxy/' },
      { path: '^services/worker/control/' },
    ),
    ban(
      'controller-has-no-worker',
      'Controllers never touch payload; what both need stands in lib or proto.',
      { path: '^services/controller/', pathNot: TESTS },
      { path: '^(services/(worker|server|dev)/|cli/)' },
    ),
    ban(
      'one-door-to-postgresql',
      'SQL goes through services/controller/db, so that pools, types and the transaction time are set in one place.',
      { path: '^(lib|cli|services)/', pathNot: '^services/controller/db/' },
      { path: '^node_modules/pg/' },
    ),
    ban(
      'cli-is-a-client',
      'The command line talks to servers over the network; dev, server and database go through the bundle of the door.',
      { path: '^cli/', pathNot: TESTS },
      { path: '^services/' },
    ),
    ban(
      'worker-has-no-server',
      'A worker is started by the server part and knows nothing of it.',
      { path: '^services/worker/', pathNot: TESTS },
      { path: '^services/server/' },
    ),
    ban(
      'dev-is-a-preset',
      'Production entry points reach dev mode nowhere but in the door.',
      { path: '^services/server/', pathNot: `^services/server/door\\.ts$|${TESTS}` },
      { path: '^services/dev/' },
    ),
    ban(
      'one-way-out',
      'A server that a user names is called in one way only: with checked addresses, without telling why it failed.',
      { path: '^services/controller/', pathNot: `^services/controller/outgoing/|${TESTS}` },
      { path: '^(https|dns|node:https|node:dns|lib/http/.*)$' },
    ),
    ban(
      'no-test-code-in-product',
      'What ships must not need the tests.',
      { path: '^(lib|services|cli)/', pathNot: TESTS },
      { path: '^(test|bench)/' },
    ),
    ban(
      'no-development-packages-in-product',
      'npm installs only dependencies and optionalDependencies for users.',
      { path: '^(lib|services|cli)/', pathNot: TESTS },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    ban('nothing-unresolved', 'An import that leads nowhere fails at run time.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
