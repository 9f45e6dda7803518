/** Writes results and messages of a command in the format that was asked for. */
import { environment } from '../core/environment';
import { ControllerError } from '../core/errors';
import type { Io } from '../core/io';
import { errorObject, errorTable } from './errors';
import { jsonLine } from './json';
import { passThrough, showLine } from './terminal';
import { visible } from '../../lib/text/visible';
import { wrapBlocks } from './wrap';

export type Format = 'table' | 'json';

const RED = '31';
const YELLOW = '33';

export class Printer {
  constructor(
    private readonly io: Io,
    readonly format: Format,
  ) {}

  /** Lines of a table, wrapped at the width of the terminal. */
  table(lines: readonly string[]): void {
    this.line(this.wrapped(lines));
  }

  /** Text on standard output, never wrapped. */
  line(text: string): void {
    showLine(this.io.stdout, text);
  }

  json(value: unknown): void {
    this.exact(jsonLine(value));
  }

  /** A line for a program on standard output. */
  exact(text: string): void {
    passThrough(this.io.stdout, `${text}\n`);
  }

  /** This is not part of the result, so it goes to standard error in both formats. */
  warn(text: string): void {
    showLine(this.io.stderr, text, this.brush(YELLOW));
  }

  error(text: string): void {
    this.problem({ error: text }, text);
  }

  controllerError(error: ControllerError): void {
    this.problem(errorObject(error), this.wrapped(errorTable(error)));
  }

  private problem(value: unknown, text: string): void {
    if (this.format === 'json') passThrough(this.io.stderr, `${jsonLine(value)}\n`);
    else showLine(this.io.stderr, text, this.brush(RED));
  }

  /** Escapes are made before lines are measured. */
  private wrapped(lines: readonly string[]): string {
    return wrapBlocks(lines.map(visible), this.io.width);
  }

  private brush(color: string): (text: string) => string {
    const { env, stdout } = this.io;
    const plain =
      this.format === 'json' ||
      stdout.isTTY !== true ||
      (environment(env, 'CLI_NO_COLOR') ?? '') !== '' ||
      env.NO_COLOR !== undefined ||
      env.TERM === 'dumb';
    return (text) => (plain ? text : `\u001b[${color}m${text}\u001b[0m`);
  }
}
