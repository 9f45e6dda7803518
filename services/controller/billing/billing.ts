/** Months as billing counts them: calendar months in UTC. */
import { invalidArgument } from '../../../lib/errors/errors';

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

const HOUR_MS = 3_600_000;

/** When a month that is not over ends for now: with the last full hour. */
export const lastHour = (now: Date): Date => new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);

/** First moment of the month, `months` later. */
export const monthOf = (time: Date, months = 0): Date =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months));

/** Months from `start` (inclusive) to `end` (exclusive). */
export interface Period {
  start: Date;
  end: Date;
  /** Months that are told of even if nobody was active, newest first. */
  always: readonly Date[];
}

/**
 * The period that a request means; without times it is the current month and the one before. Throws
 * 400.
 */
export function periodOf(request: { start_time: string; end_time: string }, now: Date): Period {
  const next = monthOf(now, 1);
  if (request.start_time === '' && request.end_time === '') {
    const [current, last] = [monthOf(now), monthOf(now, -1)];
    return { start: last, end: next, always: [current, last] };
  }
  if (request.start_time === '') throw invalidArgument('end time set without start time');
  const start = readMonth('start', request.start_time);
  const end = request.end_time === '' ? next : readMonth('end', request.end_time);
  if (start >= end) throw invalidArgument('start time is not before end time');
  return { start, end, always: [] };
}

function readMonth(which: 'start' | 'end', text: string): Date {
  if (!MONTH.test(text)) throw invalidArgument(`${which} time is in an invalid format`);
  return new Date(`${text}-01T00:00:00Z`);
}
