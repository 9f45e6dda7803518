/** Public ids: a prefix that tells the kind, an underscore, 10 base62 characters. */
import { randomInt } from 'node:crypto';

export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random text of base62 characters from the system's secure source. */
export function randomBase62(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += BASE62[randomInt(62)];
  return text;
}

/** A new id such as `ttcp_34yV5O9cwt`. */
export const newId = (prefix: string): string => `${prefix}_${randomBase62(10)}`;

/** Whether `id` has one of the prefixes and only letters and digits behind it. Length is not looked at. */
export function hasIdForm(id: string, ...prefixes: string[]): boolean {
  const at = id.lastIndexOf('_');
  return at > 0 && prefixes.includes(id.slice(0, at)) && /^[A-Za-z0-9]*$/.test(id.slice(at + 1));
}
