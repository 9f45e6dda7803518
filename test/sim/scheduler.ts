/**
 * Virtual time. Whatever happens in a world is an event here: it runs alone, to the end of
 * everything that follows from it without waiting, and only then comes the next one. Events of the
 * same time run in the order they were made.
 */
import { createHash } from 'node:crypto';

interface Event {
  at: number;
  order: number;
  name: string;
  run: () => void | Promise<void>;
  isCanceled: boolean;
}

/** Lines of the trace that are kept for the report of a failure. */
const KEPT_LINES = 40000;
/** A world that does not come to rest within so many events hangs in a circle. */
const MAX_EVENTS = 60_000;

/** Lets promises, ticks and immediates that are due run out. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  /** Virtual time since the beginning, ms. */
  now = 0;
  /** Called after every event. */
  afterEach: () => void = () => undefined;
  private readonly heap: Event[] = [];
  private readonly hash = createHash('sha256');
  private readonly lines: string[] = [];
  private made = 0;
  private done = 0;

  /** Runs `run` after `delayMs`; the returned function takes it back. */
  at(delayMs: number, name: string, run: () => void | Promise<void>): () => void {
    const event = { at: this.now + Math.max(0, delayMs), order: this.made++, name, run, isCanceled: false };
    this.push(event);
    return () => {
      event.isCanceled = true;
    };
  }

  /** Adds a line to the trace. */
  note(line: string): void {
    const text = `${this.now.toFixed(1).padStart(9)} ${line}`;
    this.hash.update(text).update('\n');
    this.lines.push(text);
    if (this.lines.length > 2 * KEPT_LINES) this.lines.splice(0, KEPT_LINES);
  }

  /** Runs events until `isOver`, or until the virtual time `limitMs`. */
  async run(limitMs: number, isOver: () => boolean = () => false): Promise<void> {
    while (!isOver()) {
      const next = this.heap[0];
      if (next === undefined || next.at > limitMs) break;
      this.pop();
      if (next.isCanceled) continue;
      if (++this.done > MAX_EVENTS) throw new Error(`more than ${MAX_EVENTS} events`);
      this.now = Math.max(this.now, next.at);
      if (next.name !== '') this.note(next.name);
      await next.run();
      await settle();
      this.afterEach();
    }
    if (!isOver()) this.now = Math.max(this.now, limitMs);
  }

  get events(): number {
    return this.done;
  }

  /** SHA-256 over the whole trace so far; ends the trace. */
  digest(): string {
    return this.hash.digest('hex');
  }

  /** The last lines of the trace. */
  trace(): string[] {
    return this.lines.slice(-KEPT_LINES);
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
