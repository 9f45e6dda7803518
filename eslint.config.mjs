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
      // An interface may ask for a promise where an implementation needs no waiting.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      // Generated messages are objects of plain functions, declared with method syntax; none of
      // them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['cli/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.property.name=/^(push|unshift)$/] > SpreadElement',
          message: 'What a user gives can be more than a stack holds: add one by one.',
        },
      ],
    },
  },
  {
    // The door to PostgreSQL does not know the tables; tests read answers field by field, as
    // other programs do.
    files: [
      'services/controller/db/**',
      '**/*.test.ts',
      '**/*.fixture.ts',
      'cli/testing/**',
      'test/**',
      'bench/**',
      'scripts/**',
    ],
    rules: Object.fromEntries(
      [
        'explicit-any',
        'unsafe-argument',
        'unsafe-assignment',
        'unsafe-call',
        'unsafe-member-access',
        'unsafe-return',
      ].map((rule) => [`@typescript-eslint/no-${rule}`, 'off']),
    ),
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
