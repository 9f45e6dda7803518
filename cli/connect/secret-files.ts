/**
 * Files that hand a secret to a program. A file has lost its name before the secret is written to
 * it, so nobody can find it and nothing is left when `connect` is killed. The program opens the
 * file by a descriptor.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPathsOfOpenFiles, inheritsFiles } from '../../lib/platform/system';

/** Descriptors below are standard input, output and error. */
const FIRST_DESCRIPTOR = 3;

export class SecretFiles {
  private readonly open: number[] = [];
  private readonly inherited: number[] = [];
  private readonly named: string[] = [];

  /** Answers a path for a program that keeps the descriptors which it inherits. */
  forChild(text: string): string {
    // Windows has neither descriptors that are inherited in this way nor files without a name.
    if (!inheritsFiles) return this.namedFile(text);
    this.inherited.push(this.unnamedFile(text));
    return `/dev/fd/${FIRST_DESCRIPTOR + this.inherited.length - 1}`;
  }

  /**
   * Answers a path for a program that closes inherited descriptors, such as ssh: the descriptor of
   * this process, which programs of its user may open. Only Linux has such paths. Elsewhere the
   * file keeps its name until `connect` ends.
   */
  forPath(text: string): string {
    return hasPathsOfOpenFiles ? `/proc/${process.pid}/fd/${this.unnamedFile(text)}` : this.namedFile(text);
  }

  /** Descriptors that the program inherits, behind the standard ones. */
  get descriptors(): readonly number[] {
    return this.inherited;
  }

  /** Removes all files, and reports each one that cannot be removed. */
  remove(report: (text: string) => void): void {
    for (const descriptor of this.open.splice(0)) closeSync(descriptor);
    for (const path of this.named.splice(0))
      try {
        rmSync(path, { force: true });
      } catch (error) {
        report(`A file with a secret could not be removed, remove ${path} yourself: ${(error as Error).message}`);
      }
  }

  private unnamedFile(text: string): number {
    const path = newPath();
    // `wx` never opens a file or a link that somebody else has put there.
    const descriptor = openSync(path, 'wx+', 0o600);
    this.open.push(descriptor);
    unlinkSync(path);
    writeAll(descriptor, text);
    return descriptor;
  }

  private namedFile(text: string): string {
    const path = newPath();
    this.named.push(path);
    const descriptor = openSync(path, 'wx', 0o600);
    writeAll(descriptor, text);
    closeSync(descriptor);
    return path;
  }
}

const newPath = (): string => join(tmpdir(), `sallyport-${randomBytes(16).toString('hex')}`);

/** Written at a position, so that the descriptor still stands at the beginning for its reader. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
}
