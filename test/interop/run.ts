/**
 * Starts a deployment on free ports and runs the Go program of this directory against it, which
 * uses Boundary's official SDK. Needs Go 1.26 and, the first time, the Go module proxy. Run: npm
 * run interop
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { startDev } from '../harness/dev';
import { descendants, start } from '../harness/process';
import { VaultServer } from '../harness/vault';
import { noArguments } from '../harness/selection';

const RUN_TIMEOUT_MS = 300_000;

/** Process id of the deployment's worker. */
const workerBelow = (pid: number): number | undefined =>
  descendants(pid).find((one) => commandOf(one).includes('worker.cjs'));

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

async function main(): Promise<number> {
  noArguments();
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
    console.log('not run: go');
    return process.env['SALLYPORT_REQUIRE_TOOLS'] === '1' ? 1 : 0;
  }
  const build = spawnSync('go', ['build', '-o', '.interop', '.'], { cwd: __dirname, stdio: 'inherit' });
  if (build.status !== 0) return 1;
  const vault = new VaultServer();
  await vault.start();
  const recoveryKey = randomBytes(32).toString('base64');
  const dev = await startDev(['-recovery-key', recoveryKey]);
  try {
    const program = start(`${__dirname}/.interop`, [], {
      env: {
        HOME: dev.home,
        SALLYPORT_ADDR: dev.apiAddress,
        SALLYPORT_RECOVERY_KEY: recoveryKey,
        VAULT_ADDR: vault.address,
        WORKER_PID: String(workerBelow(dev.live.child.pid!)),
      },
    });
    const timer = setTimeout(() => program.child.kill('SIGKILL'), RUN_TIMEOUT_MS);
    const { code, stdout, stderr } = await program.finished;
    clearTimeout(timer);
    process.stderr.write(stderr);
    process.stdout.write(stdout);
    return code ?? 1;
  } finally {
    await dev.stop();
    await vault.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
