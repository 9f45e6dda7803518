/**
 * Messages between a process and the worker process it started, over Node's own channel: no port,
 * no file, no argument.
 */
import type { WorkerConfig, WorkerReload } from '../worker/config';
import type { LogSettings } from './log-settings';

export type ToWorker =
  | { type: 'start'; config: WorkerConfig; log: LogSettings }
  | { type: 'reload'; config: WorkerReload; logLevel: string }
  /** Drain for at most `drainMs`, then end. */
  | { type: 'stop'; drainMs: number };

export type FromWorker =
  | { type: 'listening'; host: string; port: number }
  | { type: 'attached'; workerId: string | undefined }
  | { type: 'failed'; message: string };
