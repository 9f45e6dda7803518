/** Tests have one clock. The steered clock's test has what it steers; the fuzzer's never moves. */
import { isTest, read, sourceFiles } from './tree';

test('clocks of tests stand in one file', () => {
  const clocks = sourceFiles()
    .filter((file) => (isTest(file) || file.includes('/testing/')) && !file.startsWith('test/tidy/'))
    .filter((file) => /implements Clock\b|: Clock = \{|\.\.\.systemClock\b/.test(read(file)));
  expect(clocks).toEqual(['lib/clock/steered-clock.test.ts', 'lib/clock/test-clock.fixture.ts', 'test/fuzz/wire.ts']);
});
