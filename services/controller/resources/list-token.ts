/**
 * List tokens: where a listing stands. A token is bound to its resource type and to a hash of the caller's grants, and
 * lives 30 days. It holds positions only, so it needs no signature: a forged one shows nothing that a fresh list would
 * not show.
 */
import { ApiError } from '../../../lib/errors/errors';
import { decodeBase58, encodeBase58 } from '../../../lib/ids/base58';

/** Position of the last item of a page: its time, ms since the epoch, and id. */
export type Position = readonly [timeMs: number, id: string];

export type ListPhase =
  /** Pages of the first listing; `began` is when its first page was made. */
  | { kind: 'pages'; began: number; after: Position }
  /** The last phase ended; it began at `began`. */
  | { kind: 'ended'; began: number }
  /** Pages of a refresh that looks at changes since `since`; deleted ids up to `removedAfter` have been told. */
  | { kind: 'refresh'; began: number; since: number; after: Position; removedAfter: Position };

export interface ListToken {
  resourceType: string;
  grantsHash: string;
  createdMs: number;
  phase: ListPhase;
}

const LIFETIME_MS = 30 * 24 * 3_600_000;

const badToken = (message: string): ApiError => new ApiError('invalid list token', message, { op: 'list' });

export const encodeListToken = (token: ListToken): string =>
  encodeBase58(
    Buffer.from(
      JSON.stringify([1, token.resourceType, token.grantsHash, token.createdMs, ...encodePhase(token.phase)]),
    ),
  );

function encodePhase(phase: ListPhase): unknown[] {
  switch (phase.kind) {
    case 'pages':
      return ['pages', phase.began, 0, ...phase.after];
    case 'ended':
      return ['ended', phase.began];
    case 'refresh':
      return ['refresh', phase.began, phase.since, ...phase.after, ...phase.removedAfter];
  }
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 8.64e15;

const positionOf = (time: unknown, id: unknown): Position | undefined =>
  isTime(time) && typeof id === 'string' ? [time, id] : undefined;

function decodePhase([kind, began, since, ...positions]: unknown[]): ListPhase | undefined {
  if (!isTime(began)) return undefined;
  if (kind === 'ended') return { kind, began };
  const after = positionOf(positions[0], positions[1]);
  if (!isTime(since) || after === undefined) return undefined;
  if (kind === 'pages') return { kind, began, after };
  const removedAfter = positionOf(positions[2], positions[3]);
  return kind === 'refresh' && removedAfter !== undefined ? { kind, began, since, after, removedAfter } : undefined;
}

/** Parses a token and checks its type, grants and age. */
export function decodeListToken(
  text: string,
  expected: { resourceType: string; grantsHash: string; nowMs: number },
): ListPhase {
  let parts: unknown;
  try {
    parts = JSON.parse(decodeBase58(text)?.toString('utf8') ?? '');
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || parts[0] !== 1)
    throw badToken('list token could not be read: pass one as a list returned it');
  const [, resourceType, grantsHash, createdMs, ...rest] = parts as unknown[];
  const phase = decodePhase(rest);
  if (phase === undefined || !isTime(createdMs)) {
    throw badToken('list token could not be read: pass one as a list returned it');
  }
  if (resourceType !== expected.resourceType) {
    throw badToken('list token resource type does not match expected resource type');
  }
  if (createdMs + LIFETIME_MS < expected.nowMs) throw badToken('list token was expired');
  if (grantsHash !== expected.grantsHash) throw badToken('grants have changed since list token was issued');
  return phase;
}
