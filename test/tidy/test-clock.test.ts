/** Tests have one clock. The steered clock's test has what it steers; the fuzzer's never moves. */
import { read, sourceFiles } from './tree';

test('clocks of tests stand in one file', () => {
  const clocks = sourceFiles()
    .filter((file) => /\.(test|fixture)\.ts$|^(test|bench)\/|\/testing\//.test(file) && !file.startsWith('test/tidy/'))
    .filter((file) => /implements Clock\b|: Clock = \{|\.\.\.systemClock\b/.test(read(file)));
  expect(clocks).toEqual(['lib/clock/steered-clock.test.ts', 'test/fuzz/wire.ts', 'test/harness/test-clock.ts']);
});
