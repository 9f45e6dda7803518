/** Writes results and messages of a command in the format that was asked for. */
import { environment } from '../io/environment';
import { ControllerError } from '../io/errors';
import type { Io } from '../io/io';
import { errorObject, errorTable } from './errors';
import { jsonLine } from './json';
import { passThrough, showLine } from '../io/terminal';
import { visible } from '../../lib/text/visible';
import { wrapBlocks } from '../io/wrap';

export type Format = 'table' | 'json';

const RED = '31';
const YELLOW = '33';

export class Printer {
  private readonly misgivings: string[] = [];

  constructor(
    private readonly io: Io,
    readonly format: Format,
  ) {}

  /** Says the same on standard error: for a command whose standard output is that of a program. */
  onStandardError(): Printer {
    return new Printer({ ...this.io, stdout: this.io.stderr }, this.format);
  }

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

  /**
   * What may explain a failure that is still to come. In JSON it becomes a part of that failure, so
   * that there is one document; without one it is told by {@link end}.
   */
  misgiving(text: string): void {
    if (this.format === 'json') this.misgivings.push(text);
    else this.error(text);
  }

  /** Nothing comes any more. */
  end(): void {
    for (const text of this.misgivings.splice(0)) this.error(text);
  }

  controllerError(error: ControllerError): void {
    this.problem(errorObject(error), this.wrapped(errorTable(error)));
  }

  private problem(value: object, text: string): void {
    const [note] = this.misgivings.splice(0);
    const whole = note === undefined ? value : { ...value, note };
    if (this.format === 'json') passThrough(this.io.stderr, `${jsonLine(whole)}\n`);
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
