/**
 * The first bytes of a connection: the same protocol in any split, and every byte still there to
 * read.
 */
import type { Socket } from 'node:net';
import { sniff } from '../../../services/controller/listeners/sniff';
import { same, splits, type Target } from '../target';
import { turn, Wire } from '../wire';

async function sniffed(parts: Buffer[]): Promise<string> {
  const socket = new Wire();
  let found = 'none';
  const rest: Buffer[] = [];
  sniff(socket as unknown as Socket, 60_000, (protocol) => {
    found = protocol;
    socket.on('data', (chunk: Buffer) => rest.push(chunk));
  });
  await socket.feed(parts.slice(0, 40), true);
  await turn();
  if (found !== 'none')
    same(Buffer.concat(rest), Buffer.concat(parts.slice(0, 40)), 'sniffed bytes are lost or changed');
  // Ends the timer.
  socket.destroy();
  await turn();
  return found;
}

export const target: Target = {
  seeds: () => [
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    Buffer.of(22, 3, 1),
    'PRI * HTTP/2.0\r\n\r\nXX',
    ' ',
    '\r\nGET',
  ],
  maxLength: 256,
  open: () => ({
    async run(input, chance) {
      const [whole, ...others] = splits(input.subarray(0, 40), chance);
      const expected = await sniffed(whole!);
      for (const parts of others)
        same(await sniffed(parts), expected, 'the protocol differs by how the bytes are split');
    },
  }),
};
