/**
 * List tokens: the position of a listing. A token is bound to its resource type and to a hash of
 * the caller's grants, and lives 30 days. It is authenticated with a key of the deployment, because
 * an invented position would show the ids of what was deleted elsewhere and long ago.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';
import { decodeBase58, encodeBase58 } from '../../../lib/ids/base58';

/** Position of the last item of a page: its time, ms since the epoch, and id. */
export type Position = readonly [timeMs: number, id: string];

export type ListPhase =
  /** Pages of the first listing; `began` is when its first page was made. */
  | { kind: 'pages'; began: number; after: Position }
  /** The last phase ended; it began at `began`. */
  | { kind: 'ended'; began: number }
  /**
   * Pages of a refresh that looks at changes since `since`; deleted ids up to `removedAfter` have
   * been told.
   */
  | { kind: 'refresh'; began: number; since: number; after: Position; removedAfter: Position };

export interface ListToken {
  resourceType: string;
  grantsHash: string;
  createdMs: number;
  phase: ListPhase;
}

const LIFETIME_MS = 30 * 24 * 3_600_000;

const badToken = (message: string): ApiError => new ApiError('invalid list token', message, { op: 'list' });

/** What a token must be made for; `nowMs` tells its age. */
export interface ExpectedList {
  resourceType: string;
  grantsHash: string;
  nowMs: number;
}

export interface ListTokens {
  encode(token: ListToken): string;
  /** Checks authenticity, type, grants and age. Throws 400 with the kind that clients know. */
  decode(text: string, expected: ExpectedList): ListPhase;
}

/** Tokens of the form base58(authentication code, JSON). */
export function createListTokens(key: Uint8Array): ListTokens {
  const codeOf = (body: Uint8Array): Buffer => createHmac('sha256', key).update(body).digest().subarray(0, CODE_BYTES);
  return {
    encode(token) {
      const { resourceType, grantsHash, createdMs, phase } = token;
      const body = Buffer.from(JSON.stringify([FORM, resourceType, grantsHash, createdMs, ...encodePhase(phase)]));
      return encodeBase58(Buffer.concat([codeOf(body), body]));
    },
    decode(text, expected) {
      const bytes = decodeBase58(text, MAX_LENGTH) ?? Buffer.alloc(0);
      const body = bytes.subarray(CODE_BYTES);
      if (body.length === 0 || !timingSafeEqual(bytes.subarray(0, CODE_BYTES), codeOf(body))) throw unreadable();
      return phaseOf(body, expected);
    },
  };
}

const MAX_LENGTH = limit('list token', 1_024, {
  what: 'text of a list token; those that are answered have a few hundred',
  unit: 'characters',
  reached: '400 of the kind "invalid list token"',
  test: 'services/controller/resources/list-token.test.ts: longer than any',
});
/** Tokens of form 1 had no code. */
const FORM = 2;
/** 128 bits. */
const CODE_BYTES = 16;

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

const unreadable = (): ApiError => badToken('list token could not be read: pass one as a list returned it');

function phaseOf(body: Buffer, expected: ExpectedList): ListPhase {
  const [form, resourceType, grantsHash, createdMs, ...rest] = JSON.parse(body.toString('utf8')) as unknown[];
  const phase = decodePhase(rest);
  if (form !== FORM || phase === undefined || !isTime(createdMs)) throw unreadable();
  if (resourceType !== expected.resourceType) {
    throw badToken('list token resource type does not match expected resource type');
  }
  if (createdMs + LIFETIME_MS < expected.nowMs) throw badToken('list token was expired');
  if (grantsHash !== expected.grantsHash) throw badToken('grants have changed since list token was issued');
  return phase;
}
