/**
 * Periodic passes mostly find nothing to do, and the way to the server and back is most of what a
 * simulated second costs. A statement that changed nothing is therefore not sent again as long as
 * its answer must be the same: no table that it names has changed, and none of the times that were
 * ever stored lies between the times that it compared then and now. `--every-statement` turns this
 * off; a test compares the traces of both ways.
 */
import type { QueryResult } from 'pg';

interface Known {
  result: QueryResult;
  dates: number[];
  versions: number[];
}

export class Repeats {
  private readonly versions = new Map<string, number>();
  private readonly known = new Map<string, Known>();
  private readonly named = new Map<string, string[]>();
  /** Times that a table may hold, ms since the epoch. */
  private readonly times = new Map<string, Set<number>>();

  /** Times that any table may hold. */
  private readonly anywhere: Set<number>;

  constructor(
    private readonly tables: ReadonlySet<string>,
    /** Times that were stored before. */
    times: readonly number[],
  ) {
    this.anywhere = new Set(times);
  }

  /** The time that triggers of a transaction store. */
  clockSet(time: Date): void {
    this.anywhere.add(time.getTime());
  }

  /** The answer that the statement would get, when that is known. */
  answer(text: string, values: readonly unknown[]): QueryResult | undefined {
    const found = this.known.get(keyOf(text, values));
    if (found === undefined) return undefined;
    const tables = this.tablesOf(text);
    if (tables.some((table, i) => this.versionOf(table) !== found.versions[i])) return undefined;
    if (datesOf(values).some((date, i) => this.isTimeBetween(date, found.dates[i]!, tables))) return undefined;
    return found.result;
  }

  /**
   * Takes note of what the server answered; `changed` are the tables whose rows its triggers told
   * of.
   */
  took(text: string, values: readonly unknown[], result: QueryResult, changed: readonly string[]): void {
    const isRead = text.startsWith('select');
    if (changed.length === 0 && (isRead || result.rowCount === 0)) {
      const versions = this.tablesOf(text).map((table) => this.versionOf(table));
      this.known.set(keyOf(text, values), { result, dates: datesOf(values), versions });
      return;
    }
    // What else a deletion takes along only the schema knows.
    if (text.startsWith('delete')) this.forget();
    for (const table of [...this.tablesOf(text), ...changed]) {
      this.versions.set(table, this.versionOf(table) + 1);
      const times = this.times.get(table) ?? new Set<number>();
      for (const date of datesOf(values)) times.add(date);
      this.times.set(table, times);
    }
  }

  /** Nothing that was known counts any more. */
  forget(): void {
    this.known.clear();
  }

  private versionOf(table: string): number {
    return this.versions.get(table) ?? 0;
  }

  private tablesOf(text: string): string[] {
    let tables = this.named.get(text);
    if (tables === undefined) {
      tables = [...new Set(text.match(/\b[a-z_]+\b/g))].filter((word) => this.tables.has(word));
      this.named.set(text, tables);
    }
    return tables;
  }

  /** Stored times may be some microseconds later than the parameter they came from. */
  private isTimeBetween(a: number, b: number, tables: readonly string[]): boolean {
    const [low, high] = a < b ? [a - 1, b + 1] : [b - 1, a + 1];
    const isBetween = (time: number): boolean => time >= low && time <= high;
    return [this.anywhere, ...tables.map((table) => this.times.get(table) ?? [])].some((times) =>
      [...times].some(isBetween),
    );
  }
}

/** Any time, whether it stands alone or as text, is compared as a time. */
const datesOf = (values: readonly unknown[]): number[] =>
  values.filter((value) => value instanceof Date).map((value) => value.getTime());

const keyOf = (text: string, values: readonly unknown[]): string =>
  `${text}\n${JSON.stringify(values.map((value) => (value instanceof Date ? 'time' : value)))}`;
