/** Months as billing counts them: calendar months in UTC. */
import { invalidArgument } from '../../../lib/errors/errors';

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** First moment of the month, `months` later. */
export const monthOf = (time: Date, months = 0): Date =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months));

/** Months from `start` (inclusive) to `end` (exclusive). */
export interface Period {
  start: Date;
  end: Date;
}

/**
 * The period that a request means; without times it is the current month and the one before. Throws
 * 400.
 */
export function periodOf(request: { start_time: string; end_time: string }, now: Date): Period {
  const next = monthOf(now, 1);
  if (request.start_time === '' && request.end_time === '') return { start: monthOf(now, -1), end: next };
  if (request.start_time === '') throw invalidArgument('end time set without start time');
  const start = readMonth('start', request.start_time);
  const end = request.end_time === '' ? next : readMonth('end', request.end_time);
  if (start >= end) throw invalidArgument('start time is not before end time');
  return { start, end };
}

function readMonth(which: 'start' | 'end', text: string): Date {
  if (!MONTH.test(text)) throw invalidArgument(`${which} time is in an invalid format`);
  return new Date(`${text}-01T00:00:00Z`);
}
