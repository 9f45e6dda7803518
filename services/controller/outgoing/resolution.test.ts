/**
 * Names whose addresses change between one look and the next: what was checked is what is connected
 * to.
 */
import dns, { type LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowedAddresses } from './networks';
import { createOutgoing } from './requests';

let answers: LookupAddress[][] = [];
let looks = 0;
jest.mock('node:dns', () => {
  const real = jest.requireActual<typeof dns>('node:dns');
  const lookup = (name: string, options: dns.LookupAllOptions, done: (error: null, all: LookupAddress[]) => void) => {
    if (!name.endsWith('.example')) return real.lookup(name, options, done as never);
    looks++;
    setImmediate(() => done(null, answers.length > 1 ? answers.shift()! : answers[0]!));
  };
  return { ...real, lookup };
});

const ipv4 = (address: string): LookupAddress => ({ address, family: 4 });
const ipv6 = (address: string): LookupAddress => ({ address, family: 6 });

/** Listens on every address of this machine and tells which one a request came to. */
async function serve(): Promise<{ port: number; reached: string[]; close(): void }> {
  const reached: string[] = [];
  const server = createServer((request, response) => {
    reached.push(request.socket.localAddress!.replace(/^::ffff:/, ''));
    response.end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return { port: (server.address() as AddressInfo).port, reached, close: () => server.close() };
}

beforeEach(() => (looks = 0));

test('a name that leads elsewhere at the second look is looked up once', async () => {
  const { port, reached, close } = await serve();
  answers = [[ipv4('127.0.0.2')], [ipv4('127.0.0.1')]];
  const outgoing = createOutgoing(allowedAddresses(['127.0.0.2']));
  expect((await outgoing(`http://rebound.example:${port}/`, {})).status).toBe(200);
  close();
  expect([looks, reached]).toEqual([1, ['127.0.0.2']]);
});

test('of several addresses only those that are allowed are tried', async () => {
  const { port, reached, close } = await serve();
  const outgoing = createOutgoing(allowedAddresses(['127.0.0.2']));
  answers = [[ipv4('127.0.0.1'), ipv6('::ffff:127.0.0.1'), ipv4('127.0.0.2'), ipv6('::1')]];
  expect((await outgoing(`http://several.example:${port}/`, {})).status).toBe(200);
  answers = [[ipv4('127.0.0.1'), ipv6('::1'), ipv6('64:ff9b::7f00:1'), ipv4('169.254.169.254')]];
  await expect(outgoing(`http://none.example:${port}/`, {})).rejects.toThrow('could not be reached');
  close();
  expect(reached).toEqual(['127.0.0.2']);
});
