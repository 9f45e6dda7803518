/**
 * yargs without what this program does not use: it lays out help by itself, in English. Measuring
 * text, columns, translations, looking for a package.json (whose absence makes an exception, with
 * its stack, at every start) and loading node:assert would take most of the time that yargs needs
 * at the start of a command.
 */
const PARTS = {
  assert: `
    const check = (holds) => { if (!holds) throw new Error('yargs: unexpected'); };
    module.exports = { strictEqual: (a, b) => check(a === b), notStrictEqual: (a, b) => check(a !== b) };`,
  'escalade/sync': "module.exports = () => 'package.json';",
  fs: "module.exports = { readFileSync: () => '{}' };",
  'get-caller-file': 'module.exports = () => undefined;',
  'require-directory': 'module.exports = () => undefined;',
  cliui: "const ui = { div() {}, span() {}, resetOutput() {}, toString: () => '' }; module.exports = () => ui;",
  'string-width': 'module.exports = (text) => text.length;',
  y18n: `
    const { format } = require('node:util');
    const plural = (one, many, count, ...rest) => format(count === 1 ? one : many, ...rest);
    module.exports = () => ({ __: format, __n: plural, getLocale: () => 'en', setLocale() {}, updateLocale() {} });`,
};

const NAMESPACE = 'lean-yargs';

/** A plugin of esbuild. */
export const leanYargs = {
  name: NAMESPACE,
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, importer }) =>
      Object.hasOwn(PARTS, path) && /[/\\]node_modules[/\\]yargs[/\\]/.test(importer)
        ? { path, namespace: NAMESPACE }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({ contents: PARTS[path], loader: 'js' }));
  },
};
