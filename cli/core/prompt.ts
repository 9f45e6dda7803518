/** Questions to the person at the terminal. They go to standard output, the answer comes from standard input. */
import { StringDecoder } from 'node:string_decoder';
import { showLine, showQuestion } from '../output/terminal';
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
  return nextLine(io.stdin, what, false);
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
  return (await nextLine(io.stdin, 'answer', false)).toLowerCase() === 'y';
}

/** What was read behind the line that was asked for, for the next question on the same stream. */
const pending = new WeakMap<Input, string>();

/** The terminal stops to echo before the question appears: whoever answers at once, as programs do, is not shown. */
async function askSecret({ stdin, stdout }: Io, question: string, what: string): Promise<string> {
  const raw = stdin.isTTY === true && stdin.setRawMode !== undefined;
  if (raw) stdin.setRawMode?.(true);
  try {
    showQuestion(stdout, question);
    return await nextLine(stdin, what, raw);
  } finally {
    if (raw) stdin.setRawMode?.(false);
    showLine(stdout, '');
  }
}

/** Without white space around it. */
function nextLine(stdin: Input, what: string, raw: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    const line = new LineEditor(raw);
    const finish = (outcome: () => void): void => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
      stdin.pause();
      outcome();
    };
    const onEnd = (): void =>
      finish(() => {
        if (line.text !== '') resolve(line.text.trim());
        else
          reject(
            new UsageError(
              `Could not read the ${what}, probably because input is piped or there is no terminal; use env:// or file://`,
            ),
          );
      });
    const take = (text: string): void => {
      const end = line.feed(text);
      if (end === 'interrupted') finish(() => reject(new UsageError(`The ${what} was not entered.`)));
      else if (end !== undefined) {
        pending.set(stdin, end);
        finish(() => resolve(line.text.trim()));
      } else if (line.text.length > MAX_ANSWER) finish(() => reject(new UsageError(`The ${what} is too long.`)));
    };
    const onData = (chunk: Buffer | string): void => take(typeof chunk === 'string' ? chunk : decoder.write(chunk));
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
    const left = pending.get(stdin) ?? '';
    pending.delete(stdin);
    if (left !== '') take(left);
    if ((stdin as { readableEnded?: boolean }).readableEnded === true) onEnd();
    else stdin.resume();
  });
}

/** In raw mode the terminal hands over each key, so erasing and Ctrl-C are ours to understand. */
class LineEditor {
  text = '';

  constructor(private readonly raw: boolean) {}

  /** Answers what follows the end of the line, `interrupted` for Ctrl-C or Ctrl-D, undefined while the line goes on. */
  feed(chunk: string): string | undefined {
    for (let at = 0; at < chunk.length; at++) {
      const c = chunk[at]!;
      if (c === '\n' || (this.raw && c === '\r')) return chunk.slice(at + 1);
      if (this.raw && (c === '\u0003' || c === '\u0004')) return 'interrupted';
      if (this.raw && (c === '\u007f' || c === '\b')) this.text = this.text.slice(0, -1);
      else this.text += c;
    }
    return undefined;
  }
}
