/** A certificate authority that is replaced while controllers run and a worker is attached. */
import { status } from '@grpc/grpc-js';
import { waitFor } from '../../../test/harness/wait';
import { createWorld, type World } from '../sessions/sessions.fixture';
import { certificateInfos, loadAuthority, replaceAuthorities, type DeploymentAuthority } from '../workers/authority';
import { clusterOf, enrolled, startPart, TestWorker, type Part } from './control.fixture';

let world: World;
let parts: { authority: DeploymentAuthority; part: Part }[];

beforeAll(async () => {
  world = await createWorld(new Date());
  parts = [];
  for (const name of ['first', 'second']) {
    const authority = await loadAuthority(world.db.executor, world.kms);
    parts.push({ authority, part: await startPart(world, authority, name) });
  }
});
afterAll(async () => {
  for (const { part } of parts) await part.close();
  await world.close();
});

test('every controller takes the new one over; what the old one signed is refused, new enrollments work', async () => {
  const [first, second] = parts as [(typeof parts)[0], (typeof parts)[0]];
  const old = { authorities: first.authority.certificates, port: first.part.listener.port };
  const keys = await enrolled(world, first.authority, first.part);
  const worker = new TestWorker(clusterOf(first.part, first.authority), keys);
  await worker.attach();
  const before = await certificateInfos(world.db.executor);
  expect(before.map(({ id }) => id)).toEqual(['current', 'next']);
  expect(before[0]!.public_key_sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(before[0]!.not_after_time.getTime()).toBeGreaterThan(Date.now());

  await replaceAuthorities(world.db, world.kms, new Date());
  const after = await certificateInfos(world.db.executor);
  expect(after.map((info) => info.public_key_sha256)).not.toContain(before[0]!.public_key_sha256);
  await waitFor('the end of the stream', () => worker.ended);
  expect(worker.ended).toMatchObject({ code: status.UNAUTHENTICATED });
  const stored = await loadAuthority(world.db.executor, world.kms);
  for (const { authority } of parts) {
    await waitFor('the new authority', () => authority.current.certificate.equals(stored.current.certificate));
  }
  await worker.close();

  const stale = new TestWorker(old, keys);
  stale.hello();
  await waitFor('the refusal', () => stale.ended);
  await stale.close();
  for (const { authority, part } of [first, second]) {
    const again = new TestWorker(clusterOf(part, authority), await enrolled(world, authority, part));
    await again.attach();
    await again.close();
  }
});

test('a reload without a change ends nothing', async () => {
  const { authority, part } = parts[0]!;
  const worker = new TestWorker(clusterOf(part, authority), await enrolled(world, authority, part));
  await worker.attach();
  await part.control.reloadAuthority();
  expect(worker.ended).toBeUndefined();
  expect(part.control.attachedWorkers()).toHaveLength(1);
  await worker.close();
});
