/**
 * The log of the cache: a file that is set aside when it is large, and in the foreground standard
 * error too.
 */
import { visible } from '../../lib/text/visible';
import { appendFileSync, renameSync, statSync } from 'node:fs';

const MAX_BYTES = 5 * 1024 * 1024;
/** Older files that are kept: `cache.log.1` is the newest of them. */
const BACKUPS = 3;
const FILE_MODE = 0o600;

export const CACHE_LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type CacheLogLevel = (typeof CACHE_LOG_LEVELS)[number];

export class CacheLog {
  constructor(
    private readonly path: string,
    private readonly level: CacheLogLevel,
    private readonly json: boolean,
    private readonly also: ((line: string) => void) | undefined,
  ) {}

  write(level: CacheLogLevel, message: string): void {
    if (CACHE_LOG_LEVELS.indexOf(level) < CACHE_LOG_LEVELS.indexOf(this.level)) return;
    const time = new Date().toISOString();
    const line = visible(
      this.json
        ? JSON.stringify({ time, level, message })
        : `${time} [${level.toUpperCase()}] ${message.replace(/\s+/g, ' ')}`,
    );
    this.also?.(line);
    try {
      this.rotate();
      appendFileSync(this.path, `${line}\n`, { mode: FILE_MODE });
    } catch {
      // A full disk must not end the cache; what is lost are log lines.
    }
  }

  private rotate(): void {
    const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < MAX_BYTES) return;
    for (let n = BACKUPS - 1; n > 0; n--) {
      if (statSync(`${this.path}.${n}`, { throwIfNoEntry: false }) !== undefined)
        renameSync(`${this.path}.${n}`, `${this.path}.${n + 1}`);
    }
    renameSync(this.path, `${this.path}.1`);
  }
}
