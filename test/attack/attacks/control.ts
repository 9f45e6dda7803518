/** What the machine does by itself. */
import type { Attack } from '../attack';

export const CONTROL: readonly Attack[] = [{ name: 'nothing', class: 'control', withLogins: true }];
