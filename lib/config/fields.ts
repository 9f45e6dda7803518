/**
 * Reads a parsed configuration file. Each read takes a key out. When a value does not have the
 * expected form, the read notes a problem and goes on, so one pass reports everything. No problem
 * contains a value, because it may be a secret.
 */
import { readFileSync } from 'node:fs';
import { parseAddress, type HostPort } from './address';
import { parseDuration } from './duration';
import { IndirectError, resolveIndirect } from './indirect';
import { nearest } from '../text/nearest';

export interface Problem {
  /** `listener[1].address` */
  path: string;
  /** What is expected there. */
  expected: string;
}

/** All problems of one file, in reading order. */
export class ConfigError extends Error {
  constructor(
    readonly source: string,
    readonly problems: readonly Problem[],
  ) {
    super(`${source}:\n${problems.map((p) => `  ${p.path}: ${p.expected}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class Fields {
  private readonly seen = new Set<string>();

  constructor(
    private readonly values: Record<string, unknown>,
    readonly path: string,
    private readonly problems: Problem[],
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** Notes a problem of one's own. */
  problem(key: string, expected: string): undefined {
    this.problems.push({ path: key === '' ? this.path : this.at(key), expected });
    return undefined;
  }

  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  private take(key: string): unknown {
    this.seen.add(key);
    return this.values[key] ?? undefined;
  }

  /** Text, possibly kept in a variable or a file. Empty counts as absent. */
  text(key: string, mayBeUnset = false): string | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.problem(key, 'a text');
    try {
      return resolveIndirect(value, this.env) || undefined;
    } catch (error) {
      if (!(error instanceof IndirectError)) throw error;
      if (error.isEmpty && mayBeUnset) return undefined;
      return this.problem(key, `a value where it refers to: ${error.message}`);
    }
  }

  /**
   * Like {@link text}, but a variable or file that does not exist counts as absent. For values that
   * are needed only at times.
   */
  textIfSet(key: string): string | undefined {
    return this.text(key, true);
  }

  requiredText(key: string, expected: string): string {
    const before = this.problems.length;
    const value = this.text(key);
    if (value === undefined && this.problems.length === before) this.problem(key, expected);
    return value ?? '';
  }

  /** One of a closed set, compared in lower case. */
  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.text(key)?.toLowerCase();
    if (value === undefined) return undefined;
    return words.find((word) => word === value) ?? this.problem(key, `one of ${words.join(', ')}`);
  }

  flag(key: string): boolean | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    return this.problem(key, 'true or false');
  }

  /** Whole number, also as text (from a variable). */
  integer(key: string, min: number, max: number): number | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    const before = this.problems.length;
    const text = typeof value === 'number' ? String(value) : this.text(key);
    if (this.problems.length > before) return undefined;
    const number = text !== undefined && /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    return this.problem(key, `a whole number from ${min} to ${max}`);
  }

  /** Milliseconds. */
  duration(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    const before = this.problems.length;
    const text = typeof value === 'number' ? String(value) : this.text(key);
    if (this.problems.length > before) return undefined;
    const ms = parseDuration(text ?? '');
    if (ms !== undefined && ms >= 0) return Math.round(ms);
    return this.problem(key, 'a duration such as "1h30m" or a number of seconds');
  }

  address(key: string, defaultPort: number): HostPort | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    return parseAddress(text, defaultPort) ?? this.problem(key, 'an address such as "127.0.0.1:9200"');
  }

  /**
   * List of texts; one text stands for itself, or for a JSON array when it comes from a variable or
   * file.
   */
  texts(key: string): string[] | undefined {
    let value = this.take(key);
    if (typeof value === 'string') {
      const before = this.problems.length;
      const text = this.text(key) ?? '';
      if (this.problems.length > before) return undefined;
      value = text === value ? [value] : this.json(text);
    }
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    return this.problem(key, 'a list of texts');
  }

  private json(text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return null;
    }
  }

  /** The raw value, for keys that have a form of their own. */
  raw(key: string): unknown {
    return this.take(key);
  }

  /** Content of the file that the text names. */
  file(key: string): Buffer | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      return this.problem(
        key,
        `a readable file (reading it gave ${(error as NodeJS.ErrnoException).code ?? 'an error'})`,
      );
    }
  }

  /** A nested block: an object, or a list with one. */
  block(key: string): Fields | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (isObject(single)) return new Fields(single, this.at(key), this.problems, this.env);
    return this.problem(key, 'one block in braces');
  }

  /**
   * Repeated blocks. `{"tcp": {…}}` is read as a block with the label "tcp", which becomes its
   * `type`.
   */
  blocks(key: string): Fields[] {
    const value = this.take(key);
    if (value === undefined) return [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.flatMap((item, i) => {
      const path = `${this.at(key)}[${i}]`;
      if (!isObject(item)) {
        this.problems.push({ path, expected: 'a block in braces' });
        return [];
      }
      const [label, inner] = Object.entries(item)[0] ?? [];
      const labeled = Object.keys(item).length === 1 && isObject(inner) ? { type: label, ...inner } : item;
      return [new Fields(labeled, path, this.problems, this.env)];
    });
  }

  /** Keys that are known but have no effect here; the answer lists those present. */
  ignore(...keys: string[]): string[] {
    for (const key of keys) this.seen.add(key);
    return keys.filter((key) => this.has(key)).map((key) => this.at(key));
  }

  /** To be called when all keys were read: what is left is unknown. */
  end(): void {
    for (const key of Object.keys(this.values)) {
      if (this.seen.has(key)) continue;
      const near = nearest(key, [...this.seen]);
      this.problem(key, near === undefined ? 'no such key' : `no such key; did you mean "${near}"?`);
    }
  }
}
