/** Files that hand a secret to a program: readable by their owner alone, gone when `connect` ends. */
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SecretFiles {
  private readonly paths: string[] = [];

  /** Writes a new file and answers its path. */
  write(text: string): string {
    const path = join(tmpdir(), `sallyport-${randomBytes(16).toString('hex')}`);
    this.paths.push(path);
    // wx: never a file, or a link, that somebody else has put there.
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return path;
  }

  /** Removes all files; each that resists is reported. */
  remove(report: (text: string) => void): void {
    for (const path of this.paths.splice(0))
      try {
        rmSync(path, { force: true });
      } catch (error) {
        report(`A file with a secret could not be removed, remove ${path} yourself: ${(error as Error).message}`);
      }
  }
}
