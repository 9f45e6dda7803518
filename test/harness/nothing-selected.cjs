/** A reporter of jest: a name pattern (-t) that selects no test is an error, not a success. */
'use strict';

module.exports = class NothingSelected {
  constructor({ testNamePattern }) {
    this.pattern = testNamePattern;
  }

  onRunComplete(_, { numPassedTests, numFailedTests }) {
    if (this.pattern && numPassedTests + numFailedTests === 0)
      this.error = new Error(`no test was run: none has "${this.pattern}" in its name, or what it needs is missing`);
  }

  getLastError() {
    return this.error;
  }
};
