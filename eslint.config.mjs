import tseslint from 'typescript-eslint';

/**
 * One rule set for the whole tree; generated code is not looked at. Import walls are in
 * .dependency-cruiser.cjs.
 */
export default tseslint.config(
  { ignores: ['dist/', 'proto/gen/', 'node_modules/', 'lib/filter/filter-parser.js', 'coverage/', '.*/'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: false }],
      // Rows and generated messages come untyped; they are narrowed where they enter, with a type
      // on the left.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // An interface may ask for a promise where an implementation needs no waiting.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      // Generated messages are objects of plain functions, declared with method syntax; none of
      // them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // A suite is one function; its tests are short.
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 600 }],
    },
  },
);
