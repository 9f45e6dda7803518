import { PassThrough } from 'node:stream';
import { memoryIo } from '../testing/run';
import type { Input } from './io';
import { askHidden, askNewPassword, confirm } from './prompt';

test('a piped line is the answer', async () => {
  const { io, stdout } = memoryIo({ stdin: ' secret \r\nrest' });
  // White space around a secret is part of it, its line end is not.
  expect(await askHidden(io, 'password')).toBe(' secret ');
  expect(stdout()).toBe('Please enter the password (it will be hidden): \n');
});

test('two questions take two lines of one chunk', async () => {
  expect(await askNewPassword(memoryIo({ stdin: 'abc\nabc\n' }).io, 'password')).toBe('abc');
  await expect(askNewPassword(memoryIo({ stdin: 'abc\nabd\n' }).io, 'password')).rejects.toThrow('differ');
});

test('an input that is at its end says what to do', async () => {
  await expect(askHidden(memoryIo().io, 'login name')).rejects.toThrow(/login name.*env:\/\/ or file:\/\//);
});

test('only y is a yes', async () => {
  expect(await confirm(memoryIo({ stdin: 'Y\n' }).io, 'Really?')).toBe(true);
  expect(await confirm(memoryIo({ stdin: 'yes\n' }).io, 'Really?')).toBe(false);
});

/** A terminal as Node shows it: raw mode can be switched, keys arrive one by one. */
function terminal(): { stdin: PassThrough & Input; modes: boolean[] } {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
  return { stdin, modes };
}

test('at a terminal keys are not echoed, backspace erases, and the mode is restored', async () => {
  const { stdin, modes } = terminal();
  const { io, stdout } = memoryIo();
  const answer = askHidden({ ...io, stdin }, 'password');
  for (const key of ['s', 'x', '\u007f', 'e', 'c', '\r']) stdin.write(key);
  expect(await answer).toBe('sec');
  expect(modes).toEqual([true, false]);
  expect(stdout()).not.toContain('sec');
});

test('the terminal stops to echo before each hidden question appears', async () => {
  const { stdin } = terminal();
  const { io, stdout } = memoryIo();
  const asked: string[] = [];
  stdin.setRawMode = (raw) => {
    if (raw) asked.push(stdout());
  };
  const answer = askNewPassword({ ...io, stdin }, 'password');
  stdin.write('abc\rabc\r');
  expect(await answer).toBe('abc');
  expect(asked).toEqual(['', 'Please enter the password (it will be hidden): \n']);
});

test('Ctrl-C at a hidden question ends it and restores the mode', async () => {
  const { stdin, modes } = terminal();
  const answer = askHidden({ ...memoryIo().io, stdin }, 'password');
  stdin.write('ab\u0003');
  await expect(answer).rejects.toThrow('not entered');
  expect(modes).toEqual([true, false]);
});

test.each([
  ['Ctrl-U erases the line', 'wrong\u0015right\r', 'right'],
  ['Ctrl-W erases a word', 'one two\u0017three\r', 'one three'],
  ['characters of several bytes are erased as one', 'a\u00e9\u{1f600}\u007f\r', 'a\u00e9'],
])('at a terminal %s', async (_, keys, expected) => {
  const { stdin, modes } = terminal();
  const { io, stdout } = memoryIo();
  const answer = askHidden({ ...io, stdin }, 'password');
  stdin.write(keys);
  expect(await answer).toBe(expected);
  expect(modes).toEqual([true, false]);
  expect(stdout()).toBe('Please enter the password (it will be hidden): \n');
});

test('Ctrl-D and the end of the terminal end a hidden question', async () => {
  for (const end of ['\u0004', undefined]) {
    const { stdin, modes } = terminal();
    const answer = askHidden({ ...memoryIo().io, stdin }, 'password');
    if (end === undefined) stdin.end();
    else stdin.write(end);
    await expect(answer).rejects.toThrow('not entered');
    expect(modes).toEqual([true, false]);
  }
});

test('an answer has a limit, at a terminal and piped', async () => {
  const long = 'x'.repeat(8_193);
  const { stdin, modes } = terminal();
  const answer = askHidden({ ...memoryIo().io, stdin }, 'password');
  stdin.write(long);
  await expect(answer).rejects.toThrow('too long');
  expect(modes).toEqual([true, false]);
  for (const text of [long, `${long}\n`])
    await expect(askHidden(memoryIo({ stdin: text }).io, 'password')).rejects.toThrow('too long');
});

test('what is typed ahead of the second question, in the same chunk, is its answer alone', async () => {
  const { stdin } = terminal();
  const answer = askNewPassword({ ...memoryIo().io, stdin }, 'password');
  stdin.write('ab\u007fc\rax\u007fc\rrest');
  expect(await answer).toBe('ac');
});
