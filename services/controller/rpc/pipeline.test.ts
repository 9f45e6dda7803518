import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { AuthMethodServiceDefinition } from '../../../proto/gen/api/auth_methods';
import { waitFor } from '../../../test/harness/wait';
import { KnownTokens } from '../auth-tokens/known-tokens';
import { createPipeline, type Pipeline } from './pipeline';
import type { Op } from './service';

type CallInfo = Parameters<Pipeline['invoke']>[2];
const call = (): CallInfo => ({
  token: undefined,
  clientAddress: '127.0.0.1',
  signal: new AbortController().signal,
  correlationId: randomUUID(),
});
const LIMITS = {
  ...{ request_work: 1_000, api_requests: 3, api_requests_per_caller: 2 },
  ...{ api_requests_waiting: 20, api_requests_waiting_per_caller: 10 },
};

function pipelineOf(handler: (op: Op) => Promise<object>, known?: KnownTokens) {
  const { fullName, methods } = AuthMethodServiceDefinition;
  const method = methods.listAuthMethods;
  const definition = { name: 'AuthMethodService', fullName, methods: { list: method } };
  const pipeline = createPipeline([{ definition, handlers: { list: handler } }], {
    log: createLogger('test', { level: 'silent' }),
    clock: systemClock,
    maxRequestDurationMs: 10_000,
    limits: LIMITS,
    registry: new Registry(),
    known,
  });
  return (more: Partial<CallInfo> = {}) => pipeline.invoke(`${fullName}/${method.name}`, {}, { ...call(), ...more });
}

/**
 * Requests that are answered when told to; `began` has their callers in the order of their turns.
 */
function held(known?: KnownTokens) {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const invoke = pipelineOf((op) => {
    began.push(op.token ?? op.clientAddress);
    return new Promise((resolve) => ends.push(() => resolve({})));
  }, known);
  /** Answers the oldest `count` requests, one after the other. */
  const answer = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await waitFor('a request to answer', () => ends.length > 0);
      ends.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { began, invoke, answer };
}

const knownUsers = (...names: string[]): KnownTokens => {
  const known = new KnownTokens(systemClock);
  for (const name of names) for (const n of [1, 2]) known.note(`${name} ${n}`, name);
  return known;
};

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

test('a flood of one user does not hold up another, whatever tokens it uses', async () => {
  const { began, invoke, answer } = held(knownUsers('flood', 'honest'));
  const flood = Array.from({ length: 8 }, (_, i) => invoke({ token: `flood ${(i % 2) + 1}` }));
  const honest = invoke({ token: 'honest 1' });
  const later = [invoke({ token: 'honest 1' }), invoke({ token: 'honest 2' })];
  await answer(11);
  await Promise.all([...flood, honest, ...later]);
  const turns = began.map((token) => token.split(' ')[0]);
  expect(turns.slice(0, 3)).toEqual(['flood', 'flood', 'honest']);
  expect(turns.slice(0, 8).filter((user) => user === 'honest')).toHaveLength(3);
});

test('strangers take no turns of users who are logged in, with tokens that they invent or without', async () => {
  const { began, invoke, answer } = held(knownUsers('user'));
  const strangers = Array.from({ length: 8 }, (_, i) => invoke({ token: i % 2 ? `invented ${i}` : undefined }));
  const others = Array.from({ length: 8 }, (_, i) => invoke({ clientAddress: `192.0.2.${i}` }));
  const user = invoke({ token: 'user 1' });
  await waitFor('the user to be served', () => began.includes('user 1'));
  // Two of the one address and one of the others: as many as run at once.
  expect(began).toHaveLength(4);
  await answer(17);
  await Promise.all([...strangers, ...others, user]);
});

test('a caller with too much waiting is refused, and others are not', async () => {
  const { invoke, answer } = held();
  const served = Array.from({ length: 12 }, () => invoke());
  await expect(invoke()).rejects.toMatchObject({
    kind: 'ResourceExhausted',
    message: expect.stringContaining('controller.limits.api_requests_waiting_per_caller, 10') as string,
  });
  const other = invoke({ clientAddress: '192.0.2.1' });
  await answer(13);
  await Promise.all([...served, other]);
});

test('of a full queue the heaviest caller gives up its latest place', async () => {
  const { invoke, answer } = held();
  const one = Array.from({ length: 12 }, () => invoke());
  const two = Array.from({ length: 11 }, () => invoke({ clientAddress: '192.0.2.1' }));
  const refused = expect(one[11]).rejects.toMatchObject({
    message: expect.stringContaining('controller.limits.api_requests_waiting, 20') as string,
  });
  const late = invoke({ clientAddress: '192.0.2.2' });
  await refused;
  await answer(23);
  await Promise.all([...one.slice(0, 11), ...two, late]);
});

test('who goes away keeps the place until the work has ended', async () => {
  const { began, invoke, answer } = held();
  const gone = [0, 1].map(() => {
    const abort = new AbortController();
    const request = invoke({ signal: abort.signal });
    return { abort, request };
  });
  await waitFor('both to begin', () => began.length === 2);
  for (const { abort, request } of gone) {
    abort.abort();
    await expect(request).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
  }
  const next = invoke();
  await new Promise((resolve) => setImmediate(resolve));
  expect(began).toHaveLength(2);
  await answer(3);
  await next;
});
