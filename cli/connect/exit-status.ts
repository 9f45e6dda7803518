/**
 * Exit status of `connect` by what ended it; docs/causes.md shows the table. A program's own status
 * comes first.
 */
import type { EndWord } from '../../lib/contract/endings';
import { EXIT } from '../io/errors';
import type { ProxyEnd } from './listener/session-proxy';

/** Nothing on the way to the endpoint was reached, so nothing is known about the session. */
const LOCAL_CAUSES: readonly string[] = ['worker unreachable'] satisfies EndWord[];

/**
 * 0: its user ended it. 1: the server side did, whatever the cause. 2: this machine reached no
 * worker.
 */
export function exitStatus(end: ProxyEnd): number {
  if (!end.serverSide) return EXIT.ok;
  return end.cause !== undefined && LOCAL_CAUSES.includes(end.cause) ? EXIT.local : EXIT.refused;
}
