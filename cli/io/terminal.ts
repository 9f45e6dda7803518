/**
 * The only place where the CLI writes to its streams. Text for people passes {@link visible}, so
 * that names, filters, error texts and everything else that others have written cannot control the
 * terminal. Documents for programs, such as JSON and files, are written unchanged; JSON has its own
 * escapes for the same characters.
 */
import { visible, visibleLine } from '../../lib/text/visible';
import type { Output } from './io';

/** Text for a person, with an end of line. `paint` adds colors. */
export function showLine(stream: Output, text: string, paint: (text: string) => string = (plain) => plain): void {
  stream.write(`${paint(visible(text))}\n`);
}

/** A question; it stays on the line where the answer is typed. */
export function showQuestion(stream: Output, text: string): void {
  stream.write(visibleLine(text));
}

/** Bytes for a program: nothing is changed. */
export function passThrough(stream: Output, content: string | Buffer): void {
  stream.write(content);
}
