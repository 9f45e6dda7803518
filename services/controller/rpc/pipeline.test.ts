import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { AuthMethodServiceDefinition } from '../../../proto/gen/api/auth_methods';
import { createPipeline } from './pipeline';
import type { Op } from './service';

const call = { token: undefined, clientAddress: '127.0.0.1', signal: new AbortController().signal };

function pipelineOf(handler: (op: Op) => Promise<object>) {
  const { fullName, methods } = AuthMethodServiceDefinition;
  const method = methods.listAuthMethods;
  const definition = { name: 'AuthMethodService', fullName, methods: { list: method } };
  const pipeline = createPipeline([{ definition, handlers: { list: handler } }], {
    log: createLogger('test', { level: 'silent' }),
    clock: systemClock,
    maxRequestDurationMs: 10_000,
    limits: { request_work: 1_000 },
    registry: new Registry(),
  });
  return () => pipeline.invoke(`${fullName}/${method.name}`, {}, { ...call, correlationId: randomUUID() });
}

test('a request that needs more work than it may cost is refused, and the next one begins anew', async () => {
  let steps = 1_001;
  const invoke = pipelineOf((op) => {
    op.work.charge(steps);
    return Promise.resolve({});
  });
  await expect(invoke()).rejects.toMatchObject({
    kind: 'ResourceExhausted',
    message: expect.stringContaining('controller.limits.request_work, 1000 steps') as string,
  });
  steps = 1_000;
  await expect(invoke()).resolves.toBeDefined();
});
