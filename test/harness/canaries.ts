/**
 * Canaries: texts that are nowhere else, planted where secrets belong and looked for where none may
 * be.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export class Canaries {
  readonly planted: string[] = [];

  /** A secret that passes for a password, a token or a login. */
  plant(name: string): string {
    return this.know(`canary-${name}-${this.planted.length}-${Math.random().toString(36).slice(2, 12)}`);
  }

  /** One that was made elsewhere. */
  know(secret: string): string {
    this.planted.push(secret);
    return secret;
  }

  /** Those that a text holds, plain or in the encodings that logs, files and dumps use. */
  sung(text: string, except: readonly string[] = []): string[] {
    return this.planted.filter(
      (secret) => !except.includes(secret) && formsOf(secret).some((one) => text.includes(one)),
    );
  }

  /** The files below a directory that hold some, and which. */
  sungIn(directory: string, except: readonly string[] = []): Record<string, string[]> {
    const found = filesBelow(directory).map((file) => [file, this.sung(readFileSync(file, 'latin1'), except)] as const);
    return Object.fromEntries(found.filter(([, secrets]) => secrets.length > 0));
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Base64 of the middle is the same whatever stands before, up to two characters at the ends.
  const inner = [0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, -6));
  return [secret, bytes.toString('hex'), encodeURIComponent(secret), ...inner];
}

export const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && statSync(path).size > 0 ? [path] : [];
  });

/**
 * What everybody, or another program of the same user, sees of a process; empty when it has ended.
 */
export function seenOf(pid: number): { arguments: string; title: string; environment: string } {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'latin1');
    } catch {
      return '';
    }
  };
  return { arguments: read('cmdline'), title: read('comm') + read('status'), environment: read('environ') };
}

/** Processes whose arguments match: servers of PostgreSQL write there what they do. */
export const processesLike = (pattern: RegExp): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pattern.test(seenOf(pid).arguments));
