/**
 * Folders that need each other are one folder in several places. Tests are left out: they may use
 * what is above them.
 */
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-folder-cycles',
      comment: 'What a folder needs does not need the folder.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: '^(dist|coverage|node_modules)/|\\.(test|fixture)\\.ts$|^cli/testing/' } },
};
