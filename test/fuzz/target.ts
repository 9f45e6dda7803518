/** What a target of the fuzzer is. */

/**
 * The input, and what a target may decide by chance; the same input always brings the same chances.
 */
export type Attempt = (input: Buffer, chance: Chance) => void | Promise<void>;

export interface OpenTarget {
  /** Throws when an invariant does not hold. */
  run: Attempt;
  close?(): Promise<void>;
}

export interface Target {
  /** Inputs to start from, beside those of the corpus folder. */
  seeds(): (Buffer | string)[];
  /** Tokens that the format knows, beside the literals of the source files. */
  words?: readonly (Buffer | string)[];
  /** Changes an input along its structure; used for every other input. */
  mutate?(input: Buffer, chance: Chance): Buffer;
  /** Longest input, bytes. */
  maxLength?: number;
  /** Branches that one run may take: `base + perByte * length`. */
  steps?: { base: number; perByte: number };
  open(): OpenTarget | Promise<OpenTarget>;
}

/** Numbers by chance, from a seed (xorshift32). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ 0x1234567) | 1;
    for (let i = 0; i < 4; i++) this.next();
  }

  private next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.state = x) >>> 0;
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    return bound <= 1 ? 0 : this.next() % bound;
  }

  /** Small numbers more often than large ones. */
  small(bound: number): number {
    return this.below(this.below(bound) + 1);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** The same for the same bytes (FNV-1a). */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** An invariant that does not hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws {@link Broken} unless `holds`. */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

type ErrorClass = abstract new (...args: any[]) => Error;

/**
 * Result of `work`, or the message of an error of the declared classes; every other error passes
 * on.
 */
export function outcome<T>(work: () => T, ...declared: ErrorClass[]): { value: T } | { error: Error } {
  try {
    return { value: work() };
  } catch (error) {
    if (declared.some((one) => error instanceof one)) return { error: error as Error };
    throw error;
  }
}

/**
 * Text of anything, for comparisons: bytes as hex, big numbers as digits, errors as their class and
 * message.
 */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
    if (inner instanceof Map) return [...inner];
    if (inner instanceof Error) return `${inner.name}: ${inner.message}`;
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex');
    if (typeof inner === 'object' && inner !== null && (inner as { type?: unknown }).type === 'Buffer') {
      return Buffer.from((inner as { data: number[] }).data).toString('hex');
    }
    return inner;
  });
}

export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [shown(actual), shown(expected)];
  invariant(a === b, `${what}:\n    ${a.slice(0, 400)}\n    ${b.slice(0, 400)}`);
}

/** Ways to cut the bytes: whole, byte by byte, and one by chance. */
export function splits(bytes: Buffer, chance: Chance): Buffer[][] {
  const single = Array.from({ length: Math.min(bytes.length, 2_048) }, (_, i) => bytes.subarray(i, i + 1));
  const rest = bytes.subarray(single.length);
  const chosen: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + chance.small(Math.min(bytes.length - at, 64));
    chosen.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [bytes.length === 0 ? [] : [bytes], rest.length === 0 ? single : [...single, rest], chosen];
}
