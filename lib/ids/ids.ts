/** Public ids: a prefix that tells the kind, an underscore, 10 base62 characters. */
import { randomInt } from 'node:crypto';

/**
 * A random whole number from 0 to `below` - 1. Simulations inject their own source; otherwise it is
 * the system's secure one.
 */
export type RandomInt = (below: number) => number;

export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random text of base62 characters. */
export function randomBase62(length: number, random: RandomInt = randomInt): string {
  let text = '';
  for (let i = 0; i < length; i++) text += BASE62[random(62)];
  return text;
}

/** A new id such as `ttcp_34yV5O9cwt`. */
export const newId = (prefix: string, random?: RandomInt): string => `${prefix}_${randomBase62(10, random)}`;

/**
 * Whether `id` has one of the prefixes and only letters and digits behind it. Length is not looked
 * at.
 */
export function hasIdForm(id: string, ...prefixes: string[]): boolean {
  const at = id.lastIndexOf('_');
  return at > 0 && prefixes.includes(id.slice(0, at)) && /^[A-Za-z0-9]*$/.test(id.slice(at + 1));
}
