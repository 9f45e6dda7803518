/** Runs command lines in this process, for tests. */
import { PassThrough, Readable } from 'node:stream';
import { dispatch } from '../program/dispatch';
import type { Io } from '../io/io';

export interface Outcome {
  exit: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  stdin?: string;
  width?: number;
}

/** One command line with streams of its own and nothing but the given environment. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { io, stdout, stderr } = memoryIo(options);
  const exit = await dispatch(argv, io);
  return { exit, stdout: stdout(), stderr: stderr() };
}

export function memoryIo(options: RunOptions = {}): { io: Io; stdout: () => string; stderr: () => string } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const text = (stream: PassThrough): (() => string) => {
    let all = '';
    stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
    return () => all + ((stream.read() as Buffer | null)?.toString() ?? '');
  };
  const io: Io = {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout,
    stderr,
    env: options.env ?? {},
    width: options.width ?? 78,
  };
  return { io, stdout: text(stdout), stderr: text(stderr) };
}
