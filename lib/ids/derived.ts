/**
 * Ids that follow from what they name, so that the same thing has the same id wherever it is made.
 */
import { blake2b256 } from './blake2b';

const SUFFIX_LENGTH = 10;
/** Letters by value; in this order for derived ids only. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/**
 * The largest multiple of 62 that fits a byte. Bytes from here on are skipped, because they would
 * make some letters more likely.
 */
const USABLE = 248;

/** An id such as `acctldap_34yV5O9cwt`: base62 of the BLAKE2b-256 of the seeds, joined by `|`. */
export function derivedId(prefix: string, ...seeds: string[]): string {
  const letters = [...blake2b256(Buffer.from(seeds.join('|')))].filter((byte) => byte < USABLE);
  // At least 10 of 32 bytes are usable in all but about one in 10^27 cases.
  if (letters.length < SUFFIX_LENGTH) throw new Error(`no id follows from the seeds of this ${prefix}`);
  return `${prefix}_${letters
    .slice(0, SUFFIX_LENGTH)
    .map((byte) => ALPHABET[byte % ALPHABET.length])
    .join('')}`;
}
