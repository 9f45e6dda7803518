/** Reads a request body of bounded size. */
import type { IncomingMessage } from 'node:http';

/**
 * Bytes beyond the limit that are still read and dropped, so that a client that sends everything before it looks at
 * the answer gets to see it. Beyond that the connection is closed.
 */
const MAX_DRAINED_BYTES = 16 * 1_048_576;

/** The body, `too large`, or `gone` when the client left before its end. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'gone'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (size > limit + MAX_DRAINED_BYTES) {
        request.pause();
        resolve('too large');
      }
    });
    request.on('end', () => resolve(size > limit ? 'too large' : Buffer.concat(chunks, size)));
    request.on('error', () => resolve('gone'));
    request.on('close', () => resolve('gone'));
  });
}
