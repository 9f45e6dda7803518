/** BLAKE2b with 32 bytes of output and without a key (RFC 7693), which Node's OpenSSL does not offer. */

const MASK = (1n << 64n) - 1n;
const BLOCK_BYTES = 128;
const OUTPUT_BYTES = 32;

const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
] as const;

/** Order of the message words in each of the 12 rounds, a hexadecimal digit each; the last two repeat the first two. */
const SIGMA = [
  '0123456789abcdef',
  'ea489fd61c02b753',
  'b8c052fdae367194',
  '7931dcbe265a40f8',
  '905724afe1bc683d',
  '2c6a0b834d75fe19',
  'c51fed4a0763928b',
  'db7ec13950f4862a',
  '6fe9b308c2d714a5',
  'a2847615fb9e3cd0',
];

export function blake2b256(input: Uint8Array): Buffer {
  const state = [...IV] as bigint[];
  state[0]! ^= 0x01010000n ^ BigInt(OUTPUT_BYTES);
  const blocks = Math.max(1, Math.ceil(input.length / BLOCK_BYTES));
  for (let i = 0; i < blocks; i++) {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(input.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    const isLast = i === blocks - 1;
    compress(state, block, BigInt(isLast ? input.length : (i + 1) * BLOCK_BYTES), isLast);
  }
  const output = Buffer.alloc(BLOCK_BYTES / 2);
  state.forEach((word, i) => output.writeBigUInt64LE(word, i * 8));
  return output.subarray(0, OUTPUT_BYTES);
}

/** Columns, then diagonals. */
const MIXED = ['048c', '159d', '26ae', '37bf', '05af', '16bc', '278d', '349e'].map((word) => digits(word));

function digits(word: string): number[] {
  return [...word].map((digit) => parseInt(digit, 16));
}

function compress(state: bigint[], block: Buffer, counted: bigint, isLast: boolean): void {
  const words = Array.from({ length: 16 }, (_, i) => block.readBigUInt64LE(i * 8));
  const v: bigint[] = [...state, ...IV];
  v[12]! ^= counted;
  if (isLast) v[14]! ^= MASK;
  for (let round = 0; round < 12; round++) {
    const order = digits(SIGMA[round % SIGMA.length]!);
    MIXED.forEach(([a, b, c, d], i) => mix(v, [a!, b!, c!, d!], words[order[2 * i]!]!, words[order[2 * i + 1]!]!));
  }
  for (let i = 0; i < 8; i++) state[i]! ^= v[i]! ^ v[i + 8]!;
}

const rotated = (word: bigint, by: bigint): bigint => ((word >> by) | (word << (64n - by))) & MASK;

function mix(v: bigint[], [a, b, c, d]: [number, number, number, number], x: bigint, y: bigint): void {
  v[a] = (v[a]! + v[b]! + x) & MASK;
  v[d] = rotated(v[d]! ^ v[a], 32n);
  v[c] = (v[c]! + v[d]) & MASK;
  v[b] = rotated(v[b]! ^ v[c], 24n);
  v[a] = (v[a] + v[b] + y) & MASK;
  v[d] = rotated(v[d] ^ v[a], 16n);
  v[c] = (v[c] + v[d]) & MASK;
  v[b] = rotated(v[b] ^ v[c], 63n);
}
