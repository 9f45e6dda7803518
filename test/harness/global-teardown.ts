import { rmSync } from 'node:fs';
import type { HarnessState } from './state';

export default async function teardown(): Promise<void> {
  const server = (globalThis as HarnessState).sallyportTestServer;
  if (server === undefined) return;
  await server.postgres.stop();
  rmSync(server.dir, { recursive: true, force: true });
}
