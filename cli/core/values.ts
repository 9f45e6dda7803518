/** Flags of one call: command line before environment before default. */
import { environment } from './environment';
import type { Flag } from './command';
import { parseBoolean, parseDuration, parseInteger } from './numbers';

export class Values {
  /** Target alias, for commands that take one. */
  alias: string | undefined;
  /** Words behind `--`. */
  rest: readonly string[] = [];
  private readonly flags = new Map<string, Flag>();
  private readonly given = new Map<string, string[]>();
  private readonly order: { name: string; value: string }[] = [];

  constructor(
    flags: readonly Flag[],
    private readonly env: NodeJS.ProcessEnv,
  ) {
    for (const flag of flags) this.flags.set(flag.name, flag);
  }

  /** Adds an occurrence on the command line. */
  add(name: string, value: string): void {
    this.order.push({ name, value });
    const values = this.given.get(name);
    if (values === undefined) this.given.set(name, [value]);
    else values.push(value);
  }

  /** What was given for these flags, in the order of the command line. */
  sequence(...names: string[]): { name: string; value: string }[] {
    return this.order.filter(({ name }) => names.includes(name));
  }

  has(name: string): boolean {
    return this.flags.has(name);
  }

  /** Whether the flag stands on the command line. */
  isGiven(name: string): boolean {
    return this.given.has(name);
  }

  /** Undefined when given nowhere and without a default. The last occurrence counts. */
  string(name: string): string | undefined {
    const flag = this.flag(name);
    const given = this.given.get(name)?.at(-1);
    if (given !== undefined && !(flag.emptyIsUnset && given === '')) return given;
    return (flag.env === undefined ? undefined : environment(this.env, flag.env)) ?? flag.default;
  }

  /** Empty and absent are the same. */
  text(name: string): string {
    return this.string(name) ?? '';
  }

  list(name: string): string[] {
    this.flag(name);
    return (this.given.get(name) ?? []).map((value) => value.trim());
  }

  bool(name: string): boolean {
    return this.parsed(name, parseBoolean) ?? false;
  }

  int(name: string): number | undefined {
    return this.parsed(name, parseInteger);
  }

  /** Milliseconds. */
  duration(name: string): number | undefined {
    return this.parsed(name, parseDuration);
  }

  /** Every flag that was given or set in the environment, by kebab-case name, parsed to its type. No defaults. */
  all(): Record<string, unknown> {
    const all: Record<string, unknown> = {};
    for (const { name, type, env } of this.flags.values()) {
      if (!this.isGiven(name) && (env === undefined || environment(this.env, env) === undefined)) continue;
      const value =
        type === 'bool'
          ? this.bool(name)
          : type === 'list' || type === 'pairs'
            ? this.list(name)
            : type === 'int' || type === 'uint'
              ? this.int(name)
              : type === 'duration'
                ? this.duration(name)
                : this.string(name);
      if (value !== undefined) all[name] = value;
    }
    return all;
  }

  /** Flags that were given or set in the environment and do nothing. */
  withoutEffect(): Flag[] {
    const all = this.all();
    return [...this.flags.values()].filter(({ name, noEffect }) => noEffect !== undefined && all[name] !== undefined);
  }

  // The parser has checked what stands on the command line; what the environment holds and does not parse is ignored.
  private parsed<T>(name: string, parse: (text: string) => T | undefined): T | undefined {
    const flag = this.flag(name);
    const given = this.given.get(name)?.at(-1);
    if (given !== undefined) return parse(given);
    const fromEnv = flag.env === undefined ? undefined : environment(this.env, flag.env);
    return (
      (fromEnv === undefined ? undefined : parse(fromEnv)) ??
      (flag.default === undefined ? undefined : parse(flag.default))
    );
  }

  private flag(name: string): Flag {
    const flag = this.flags.get(name);
    if (flag === undefined) throw new Error(`flag -${name} is not declared`);
    return flag;
  }
}
