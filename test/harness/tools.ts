/** Tests that need a system tool: run where it is, say so where it is not, fail in CI. */
import { execFileSync } from 'node:child_process';

const required = process.env['SALLYPORT_REQUIRE_TOOLS'] === '1';

function present(tool: string): boolean {
  if (tool === 'root') return process.getuid?.() === 0;
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * `describe` when all tools are there. Otherwise one test whose name says `not run: TOOL`; with
 * SALLYPORT_REQUIRE_TOOLS=1 that test fails. `root` stands for running as the superuser.
 */
export function describeWith(tools: readonly string[], name: string, body: () => void): void {
  const missing = tools.filter((tool) => !present(tool));
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  test(`${name}: not run: ${missing.join(', ')}`, () => {
    if (required) throw new Error(`this machine must have: ${missing.join(', ')}`);
    process.stderr.write(`not run: ${missing.join(', ')} (${name})\n`);
  });
}
