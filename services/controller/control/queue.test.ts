import { status } from '@grpc/grpc-js';
import { SessionGrant } from '../../../proto/gen/worker/control';
import { waitFor } from '../../../test/harness/wait';
import { createWorld } from '../sessions/sessions.fixture';
import { CONTROLLER_LIMITS } from '../limits';
import { loadAuthority } from '../workers/authority';
import { MAX_PUSHED } from './control';
import { clusterOf, enrolled, startPart, TestWorker } from './control.fixture';

test('a worker that does not read its stream loses it', async () => {
  const world = await createWorld(new Date());
  const authority = await loadAuthority(world.db.executor, world.kms);
  const part = await startPart(world, authority, 'first');
  const worker = new TestWorker(clusterOf(part, authority), await enrolled(world, authority, part));
  try {
    const { worker_id } = await worker.attach();
    const value = SessionGrant.fromPartial({
      session_id: 's_1234567890',
      role: { $case: 'egress', value: { certificate: Buffer.alloc(1_048_576) } },
    });
    // Within one turn nobody can read.
    const most = CONTROLLER_LIMITS.entries.cluster_queue_bytes.value / 1_048_576;
    for (let i = 0; i <= most; i++) part.control.pushGrant([worker_id], value);
    expect(part.control.attachedWorkers()).toEqual([]);
    await waitFor('the end of the stream', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(worker.ended!.details).toContain('cluster_queue_bytes');
  } finally {
    await worker.close();
    await part.close();
    await world.close();
  }
});

test('what is remembered of pushed grants is bounded', async () => {
  const world = await createWorld(new Date());
  const part = await startPart(world, await loadAuthority(world.db.executor, world.kms), 'first');
  try {
    const push = (id: number): void => part.control.pushGrant([], SessionGrant.fromPartial({ session_id: `s_${id}` }));
    for (let i = 0; i < MAX_PUSHED; i++) push(i);
    expect(part.control.wasPushed('s_0')).toBe(true);
    push(MAX_PUSHED);
    push(MAX_PUSHED + 1);
    expect(part.control.wasPushed('s_1')).toBe(false);
    expect(part.control.wasPushed(`s_${MAX_PUSHED + 1}`)).toBe(true);
  } finally {
    await part.close();
    await world.close();
  }
});
