/** Writes results and messages of a command in the format that was asked for. */
import { environment } from '../core/environment';
import { ControllerError } from '../core/errors';
import type { Io } from '../core/io';
import { errorObject, errorTable } from './errors';
import { jsonLine } from './json';
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
    this.line(wrapBlocks(lines, this.io.width));
  }

  /** One line on standard output, as it is. */
  line(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.line(jsonLine(value));
  }

  /** Never part of the result, so on standard error in both formats. */
  warn(text: string): void {
    this.io.stderr.write(`${this.paint(YELLOW, text)}\n`);
  }

  error(text: string): void {
    const line = this.format === 'json' ? jsonLine({ error: text }) : this.paint(RED, text);
    this.io.stderr.write(`${line}\n`);
  }

  controllerError(error: ControllerError): void {
    const text =
      this.format === 'json'
        ? jsonLine(errorObject(error))
        : this.paint(RED, wrapBlocks(errorTable(error), this.io.width));
    this.io.stderr.write(`${text}\n`);
  }

  private paint(color: string, text: string): string {
    const { env, stdout } = this.io;
    const plain =
      this.format === 'json' ||
      stdout.isTTY !== true ||
      (environment(env, 'CLI_NO_COLOR') ?? '') !== '' ||
      env.NO_COLOR !== undefined ||
      env.TERM === 'dumb';
    return plain ? text : `\u001b[${color}m${text}\u001b[0m`;
  }
}
