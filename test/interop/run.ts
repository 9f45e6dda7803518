/**
 * Starts a deployment on free ports and runs the Go program of this directory against it, which uses Boundary's official
 * SDK. Needs Go 1.26 and, the first time, the Go module proxy. Run: npm run interop
 */
import { spawnSync } from 'node:child_process';
import { startDev } from '../harness/dev';
import { start } from '../harness/process';

const RUN_TIMEOUT_MS = 180_000;

async function main(): Promise<number> {
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
    console.log('not run: go');
    return process.env['SALLYPORT_REQUIRE_TOOLS'] === '1' ? 1 : 0;
  }
  const build = spawnSync('go', ['build', '-o', '.interop', '.'], { cwd: __dirname, stdio: 'inherit' });
  if (build.status !== 0) return 1;
  const dev = await startDev();
  try {
    const program = start(`${__dirname}/.interop`, [], {
      env: { HOME: dev.home, SALLYPORT_ADDR: dev.apiAddress },
    });
    const timer = setTimeout(() => program.child.kill('SIGKILL'), RUN_TIMEOUT_MS);
    const { code, stdout, stderr } = await program.finished;
    clearTimeout(timer);
    process.stderr.write(stderr);
    process.stdout.write(stdout);
    return code ?? 1;
  } finally {
    await dev.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
