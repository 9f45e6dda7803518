/**
 * What an attack does to a process, measured inside of it: the longest stall of its event loop, and
 * its memory.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Live } from '../harness/process';

export interface Strain {
  /** Longest time between two turns of the event loop, 10 ms of its own measurement included. */
  stallMs: number;
  /** Peak. */
  rssMiB: number;
}

const SAMPLE_MS = 50;
/** A process that says nothing for so long counts as stalled for all of it. */
const SCRAPE_MS = 10_000;

/**
 * Memory of a process now, and the most since the last reset; undefined when there is none or no
 * /proc.
 */
export function livesAt(pid: number): { rssMiB: number; peakMiB: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
    return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') };
  } catch {
    return undefined;
  }
}

/** Lets the kernel forget the peak; false where it does not allow that. */
function resetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

export class Gauge {
  private peakMiB = 0;
  private timer: NodeJS.Timeout | undefined;
  private isExact = false;

  constructor(
    private readonly process: () => Live,
    private readonly opsPort: number,
  ) {}

  /** Forgets what was. */
  async begin(): Promise<void> {
    await this.longestStall();
    const pid = this.process().child.pid!;
    this.isExact = resetPeak(pid);
    this.peakMiB = 0;
    const sample = (): void => {
      const now = livesAt(pid);
      this.peakMiB = Math.max(this.peakMiB, (this.isExact ? now?.peakMiB : now?.rssMiB) ?? 0);
    };
    sample();
    this.timer = setInterval(sample, SAMPLE_MS);
  }

  /** Since {@link begin}. */
  async end(): Promise<Strain> {
    // A stall that is just over is on record a turn later.
    const first = await this.longestStall();
    const stallMs = first >= SCRAPE_MS ? first : Math.max(first, await this.longestStall());
    clearInterval(this.timer);
    return { stallMs, rssMiB: this.peakMiB };
  }

  /** Since the last call: reading the metrics of Node begins the measurement anew. */
  private async longestStall(): Promise<number> {
    const began = Date.now();
    try {
      const url = `http://127.0.0.1:${this.opsPort}/metrics`;
      const text = await (await fetch(url, { signal: AbortSignal.timeout(SCRAPE_MS) })).text();
      return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? NaN);
    } catch {
      return Date.now() - began;
    }
  }
}
