/**
 * Temporary directories that carry the pid of their owner, so that a later start can remove what a
 * killed one left.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Others may pass through it (not list it): PostgreSQL may run as another user. */
export function temporaryDirectory(prefix: string): string {
  removeLeftovers(prefix);
  const dir = mkdtempSync(join(tmpdir(), `${prefix}-${process.pid}-`));
  chmodSync(dir, 0o711);
  return dir;
}

function removeLeftovers(prefix: string): void {
  const pattern = new RegExp(`^${prefix}-(\\d+)-`);
  for (const name of readdirSync(tmpdir())) {
    const pid = pattern.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's; it is theirs to remove.
    }
  }
}

/** Whether there is a process of this id, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
