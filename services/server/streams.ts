import { visible } from '../../lib/text/visible';

/** Takes text for a person, or JSON. */
export interface Output {
  write(text: string): void;
  /** Told when it takes nothing more: its reader has gone, or its disk is full. */
  on?(event: 'error', told: () => void): unknown;
}

/** What a command of the door writes to. */
export interface Streams {
  stdout: Output;
  stderr: Output;
  env?: NodeJS.ProcessEnv;
}

/**
 * The one way to a terminal: paths, values of a configuration and texts of other programs
 * (PostgreSQL, controllers) cannot speak to it. JSON says the same afterwards.
 */
export const shown = ({ stdout, stderr, env }: Streams): Streams => ({
  stdout: shownOn(stdout),
  stderr: shownOn(stderr),
  ...(env === undefined ? {} : { env }),
});

const shownOn = (output: Output): Output => ({
  write: (text) => void output.write(visible(text)),
  on: (event, told) => output.on?.(event, told),
});

/** Flags by their name, as the command line parsed them: `config`, `skip-scopes-creation`. */
export class Flags {
  constructor(private readonly values: Record<string, unknown>) {}

  private value(name: string): unknown {
    const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return this.values[name] ?? this.values[camel];
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
  }

  texts(name: string): string[] {
    const value = this.value(name);
    return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
  }

  /** As {@link Flags.text}, but an empty text that was given stays empty. */
  given(name: string): string | undefined {
    return this.value(name) === '' ? '' : this.text(name);
  }

  on(name: string): boolean {
    const value = this.value(name);
    return value === true || value === 'true';
  }
}
