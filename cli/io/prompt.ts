/**
 * Questions to the person at the terminal. They go to standard output, the answer comes from
 * standard input.
 */
import { createInterface, type Interface, type Key } from 'node:readline';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { showLine, showQuestion } from './terminal';
import { UsageError } from './errors';
import type { Input, Io } from './io';

/** Longest answer, in characters. */
const MAX_ANSWER = 8_192;

/** Asks without showing the answer. When input is piped, its next line is the answer. */
export function askHidden(io: Io, what: string): Promise<string> {
  return askSecret(io, `Please enter the ${what} (it will be hidden): `, what);
}

/** Asks and shows the answer. */
export async function ask(io: Io, what: string): Promise<string> {
  showQuestion(io.stdout, `Please enter the ${what}: `);
  return (await nextLine(io.stdin, what)).trim();
}

/** Asks for a new password twice. */
export async function askNewPassword(io: Io, what: string): Promise<string> {
  const first = await askHidden(io, what);
  const second = await askSecret(io, 'Please enter it one more time for confirmation: ', what);
  if (first !== second) throw new UsageError('The two passwords differ; nothing was changed.');
  return first;
}

/** Only `y` or `Y` is a yes. */
export async function confirm(io: Io, question: string): Promise<boolean> {
  showQuestion(io.stdout, `${question} y/n: `);
  return (await nextLine(io.stdin, 'answer')).trim().toLowerCase() === 'y';
}

/**
 * The terminal stops echoing before the question appears, so that a quick answer, such as that of a
 * program, is not shown.
 */
async function askSecret({ stdin, stdout }: Io, question: string, what: string): Promise<string> {
  const lines = stdin.isTTY === true && stdin.setRawMode !== undefined ? mutedLines(stdin) : undefined;
  try {
    showQuestion(stdout, question);
    return await (lines === undefined ? nextLine(stdin, what) : typedLine(lines, stdin, what));
  } finally {
    lines?.close();
    showLine(stdout, '');
  }
}

/** Keys as a shell understands them, none of which is shown. In raw mode until it is closed. */
const mutedLines = (input: Input): Interface => {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  return createInterface({ input, output, terminal: true, historySize: 0 });
};

/** As it was typed: white space is part of a secret. */
function typedLine(lines: Interface, stdin: Input, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void => reject(new UsageError(`The ${what} ${why}.`));
    const checkLength = (): void => {
      if (lines.line.length > MAX_ANSWER) refuse('is too long');
    };
    stdin.on('keypress', checkLength);
    lines.once('SIGINT', () => refuse('was not entered'));
    lines.once('line', (text) => {
      if (text.length > MAX_ANSWER) refuse('is too long');
      resolve(text);
      giveBack(stdin);
      lines.close();
    });
    lines.once('close', () => {
      stdin.off('keypress', checkLength);
      refuse('was not entered');
    });
  });
}

/** Text behind the line in the same chunk is left for the next reader. */
function giveBack(stdin: Input): void {
  let left = '';
  const keep = (_text: string | undefined, { sequence }: Key): void => void (left += sequence ?? '');
  stdin.on('keypress', keep);
  queueMicrotask(() => {
    stdin.off('keypress', keep);
    if (left !== '') stdin.unshift(Buffer.from(left));
  });
}

const withoutEnd = (line: string): string => line.replace(/\r$/, '');

/** Without its end. */
function nextLine(stdin: Input, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    let text = '';
    const finish = (outcome: () => void): void => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
      stdin.pause();
      outcome();
    };
    const onEnd = (): void =>
      finish(() => {
        if (text !== '') resolve(withoutEnd(text));
        else
          reject(
            new UsageError(
              `Could not read the ${what}, probably because input is piped or there is no terminal; use env:// or file://`,
            ),
          );
      });
    const take = (chunk: string): void => {
      text += chunk;
      const end = text.indexOf('\n');
      if ((end < 0 ? text.length : end) > MAX_ANSWER) finish(() => reject(new UsageError(`The ${what} is too long.`)));
      else if (end >= 0) {
        finish(() => resolve(withoutEnd(text.slice(0, end))));
        if (end + 1 < text.length) stdin.unshift(Buffer.from(text.slice(end + 1)));
      }
    };
    const onData = (chunk: Buffer | string): void => take(typeof chunk === 'string' ? chunk : decoder.write(chunk));
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
    if ((stdin as { readableEnded?: boolean }).readableEnded === true) onEnd();
    else stdin.resume();
  });
}
