/** What programs must hold alike stands in one file. */
import { isTest, read, sourceFiles } from './tree';
import { ID_PREFIXES } from '../../lib/contract/id-prefixes';

const product = sourceFiles().filter((file) => !isTest(file));
/** Prefixes that are no other word, so that a quoted one is a prefix. */
const prefixes = Object.values(ID_PREFIXES)
  .flatMap((subtypes) => Object.values(subtypes).flat() as string[])
  .filter((prefix) => prefix.length > 2 && !['sr', 'key'].includes(prefix));

const ONCE: { what: string; pattern: RegExp; files: string[] }[] = [
  {
    what: 'prefixes of ids',
    pattern: new RegExp(`'(${prefixes.join('|')})_?'`),
    files: ['lib/contract/id-prefixes.ts'],
  },
  { what: 'the largest port', pattern: /\b65_?535\b/, files: ['lib/contract/numbers.ts'] },
  { what: 'the largest int4', pattern: /2_147_483_647|2 \*\* 31 - 1/, files: ['lib/contract/numbers.ts'] },
  {
    what: 'who closes connections',
    pattern: /'client'( \||,) 'endpoint'( \||,)/,
    files: ['lib/contract/endings.ts'],
  },
  { what: 'sentences of ends', pattern: /another client[.:]/, files: ['lib/contract/endings.ts'] },
  {
    what: 'the version of the control protocol',
    pattern: /PROTOCOL_VERSION =/,
    files: ['lib/contract/session-protocol.ts'],
  },
  {
    what: 'what a session is spoken in',
    pattern: /'sallyport\/1'|BOUNDARY_PROTOCOL =/,
    files: ['lib/contract/session-protocol.ts'],
  },
  {
    what: 'the form of first-use tokens',
    pattern: /TOFU\w* = |randomBase62\(20\)|A-Za-z\]\{20\}/,
    files: ['lib/contract/session-protocol.ts'],
  },
  {
    what: 'brackets of IPv6 with a port',
    pattern: /includes\(':'\) \? `\[|\\\[\(\.\*\)\\\]\$/,
    files: ['lib/config/address.ts'],
  },
  {
    what: 'reading what env:// and file:// refer to',
    pattern: /startsWith\('(env|file):\/\/'\)|\(env\|file/,
    files: ['lib/config/indirect.ts'],
  },
  {
    what: 'names and addresses of this machine',
    pattern: /startsWith\('127\.'\)/,
    files: ['lib/config/address.ts'],
  },
  {
    what: 'the body of an error',
    pattern: /interface ErrorBody|wrapped_errors\?:/,
    files: ['lib/errors/error-body.ts'],
  },
  {
    what: 'units of durations',
    pattern: /h: 3_?600_?000/,
    files: ['lib/config/duration.ts'],
  },
  {
    what: 'requests over HTTP with limits',
    pattern: /\bhttps?\.request\(|\bhttpRequest\(/,
    files: ['lib/http/bounded-request.ts'],
  },
];

test.each(ONCE)('$what', ({ pattern, files }) => {
  const found = product.filter((file) => pattern.test(read(file)));
  expect(found.filter((file) => !files.includes(file))).toEqual([]);
  expect(found).toContain(files[0]);
});
