import { randomBytes } from 'node:crypto';
import { SealedBlob } from '../../proto/gen/transport/sealed';
import { decodeBase58, encodeBase58 } from '../ids/base58';
import { isRecoveryToken, makeRecoveryToken, openRecoveryToken, RecoveryTokenError } from './recovery-token';

const key = { id: 'k', key: randomBytes(32) };
const made = new Date('2030-01-02T03:04:05Z');
const after = (seconds: number): Date => new Date(made.getTime() + seconds * 1_000);

/** Made with github.com/hashicorp/boundary/api v0.0.62, `recovery.GenerateRecoveryToken`. */
const GO = {
  key: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  nonce: '9xLTfN3/SO18kCcaBqOGeehcB7gBcl+B6m2yXFXmT1M=',
  time: '2026-11-22T19:40:58Z',
  token:
    'r_14WNcdVh4t7SAyamPHMjrXGjrJdMjo6mjrQkTEx5KBDQUUk5VEjgBQ9zpEdbP8vQKviEj8ArCGJjNEVxdaCEHRycbX4cYmFN6p6KEGuazmgY4' +
    'DkP8W3AQxcH8uFxPeRTqcDHg9YmoZ3HQorkNZ3x1N7AFUVWsDuH6TWmDJcVPmfbuQ7t2MA6Exaavjbm',
};

test('a token names its nonce and its end; no two are the same', () => {
  const text = makeRecoveryToken(key, made);
  expect(text).toMatch(/^r_1[1-9A-HJ-NP-Za-km-z]{100,400}$/);
  expect(isRecoveryToken(text)).toBe(true);
  const opened = openRecoveryToken(key, text, after(1));
  expect(opened.nonce).toHaveLength(32);
  expect(opened.expires).toEqual(after(300));
  expect(openRecoveryToken(key, makeRecoveryToken(key, made), made).nonce).not.toEqual(opened.nonce);
});

test('a token of the official Go client is read', () => {
  const goKey = { id: 'other', key: Buffer.from(GO.key, 'base64') };
  const opened = openRecoveryToken(goKey, GO.token, new Date(Date.parse(GO.time) + 1_000));
  expect(opened.nonce.toString('base64')).toBe(GO.nonce);
});

test.each([
  ['too old', after(300), /expired/],
  ['of the future', after(-61), /future/],
])('a token that is %s is refused', (_, now, reason) => {
  expect(() => openRecoveryToken(key, makeRecoveryToken(key, made), now)).toThrow(reason);
});

test('clocks that differ by less than a minute do no harm', () => {
  expect(openRecoveryToken(key, makeRecoveryToken(key, made), after(-59)).expires).toEqual(after(300));
});

test('another key, a changed bit and every other text are refused', () => {
  const text = makeRecoveryToken(key, made);
  const blob = SealedBlob.decode(decodeBase58(text.slice(3))!);
  const flipped = Buffer.from(blob.ciphertext);
  flipped[20]! ^= 1;
  const hostile = [
    ...['r_', 'r_1', 'r_2x', 'r_1000', `r_1${'z'.repeat(3_000)}`, text.slice(0, -1), text.replace('r_1', 'r_2')],
    `r_1${encodeBase58(SealedBlob.encode({ ...blob, ciphertext: flipped }).finish())}`,
    `r_1${encodeBase58(SealedBlob.encode({ ciphertext: Buffer.alloc(5), key_info: undefined }).finish())}`,
  ];
  for (const one of hostile) expect(() => openRecoveryToken(key, one, made)).toThrow(RecoveryTokenError);
  expect(() => openRecoveryToken({ id: 'k', key: randomBytes(32) }, text, made)).toThrow(/recovery key/);
});

test('a longer text is not decoded', () => {
  expect(() => openRecoveryToken(key, `r_1${'z'.repeat(1_022)}`, made)).toThrow('too long');
  expect(() => openRecoveryToken(key, `r_1${'z'.repeat(1_021)}`, made)).toThrow('did not make it');
});
