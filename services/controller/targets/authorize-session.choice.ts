/** The two choices of authorize-session: which host, and which workers in which order. */
import { randomInt } from 'node:crypto';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { compileFilter, FilterSyntaxError, type Filter } from '../../../lib/filter/filter';
import { notFound } from '../authz/refusal';
import type { Executor } from '../db/db';
import { MESSAGE } from '../resources/fields';
import type { Op } from '../rpc/service';
import { canonicalTags } from '../workers/workers';
import { candidates, loads, type Candidate } from '../workers/workers.store';

export interface Endpoint {
  address: string;
  /** Null when it is the target's own address. */
  host_id: string | null;
  host_set_id: string | null;
}

/**
 * The target's address, or else the wanted host, or else any pair of host and set with the same
 * chance.
 */
export function chooseEndpoint(address: string | null, endpoints: readonly Endpoint[], hostId: string): Endpoint {
  if (address !== null) return { address, host_id: null, host_set_id: null };
  if (endpoints.length === 0) {
    throw notFound('No host sources or address found for given target.');
  }
  if (hostId === '') return endpoints[randomInt(endpoints.length)]!;
  const wanted = endpoints.findLast((endpoint) => endpoint.host_id === hostId);
  if (wanted !== undefined) return wanted;
  throw invalidArgument(MESSAGE.fields, [{ name: 'host_id', description: 'The requested host id is not available.' }]);
}

/**
 * The workers that can take the session, in order of preference. Throws 503 when there is none.
 * Throws 400 when there is none because the filter cannot be evaluated on any worker.
 */
export async function chooseWorkers(
  op: Op,
  on: Executor,
  filter: string | null,
  leasesExpiredBefore: Date | undefined,
): Promise<Candidate[]> {
  const alive = await candidates(on, leasesExpiredBefore);
  if (alive.length === 0) {
    throw new ApiError(
      'Unavailable',
      'No worker is connected: start a worker, or check that it can reach the cluster port of a controller.',
    );
  }
  const results = await evaluateOn(op, alive, filter);
  const eligible = alive.filter((_, at) => results[at]);
  if (eligible.length === 0 && results.includes(undefined)) {
    throw new ApiError(
      'FailedPrecondition',
      "The target's worker filter cannot be evaluated: compare /name with a text, ask whether a text is in a list of " +
        '/tags, and check its regular expressions.',
    );
  }
  if (eligible.length === 0) {
    throw new ApiError(
      'Unavailable',
      `No worker can handle this session: ${alive.length} connected, but the target's worker filter matches none of them. ` +
        "Change the target's egress_worker_filter or the tags of a worker.",
    );
  }
  return lessLoadedFirst(on, shuffled(eligible));
}

/** Whether the filter matches each worker; undefined where it cannot be evaluated on the worker. */
async function evaluateOn(
  { work }: Op,
  workers: readonly Candidate[],
  text: string | null,
): Promise<(boolean | undefined)[]> {
  if (text === null) return workers.map(() => true);
  const filter = storedFilter(text);
  if (filter === undefined) return workers.map(() => undefined);
  const results: (boolean | undefined)[] = [];
  for (const worker of workers) {
    await filter.prepare(work);
    results.push(filter.evaluate({ name: worker.name ?? '', tags: canonicalTags(worker) }, work));
    await work.breathe();
  }
  return results;
}

/** Undefined for a filter that an earlier release took and that is too large now. */
function storedFilter(text: string): Filter | undefined {
  try {
    return compileFilter(text);
  } catch (error) {
    if (error instanceof FilterSyntaxError) return undefined;
    throw error;
  }
}

/** Puts the less loaded one of two random workers first. The others stay as they are. */
async function lessLoadedFirst(on: Executor, workers: Candidate[]): Promise<Candidate[]> {
  const [first, second, ...others] = workers;
  if (first === undefined || second === undefined) return workers;
  const open = await loads(on, [first.id, second.id]);
  return (open.get(second.id) ?? 0) < (open.get(first.id) ?? 0) ? [second, first, ...others] : workers;
}

function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
  }
  return mixed;
}
