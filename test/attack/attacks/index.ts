import type { Attack } from '../attack';
import { CONTROL } from './control';
import { LOGINS } from './logins';
import { MEMORY } from './memory';
import { SHARES } from './shares';
import { TIME } from './time';
import { WORKER } from './worker';

/** In the order in which they run. */
export const ATTACKS: readonly Attack[] = [...CONTROL, ...TIME, ...SHARES, ...LOGINS, ...WORKER, ...MEMORY];
