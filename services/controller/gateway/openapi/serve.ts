/** The OpenAPI document over HTTP: for everybody, like the list of auth methods. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Where it is. */
export const OPENAPI_PATH = '/openapi.json';

export const isDocument = (path: string): boolean => path === OPENAPI_PATH;

export function answerDocument(document: Buffer, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const etag = `"${createHash('sha256').update(document).digest('base64url').slice(0, 22)}"`;
  const headers = { ETag: etag, 'Cache-Control': 'no-cache' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Type': 'application/json', 'Content-Length': document.length });
  response.end(request.method === 'HEAD' ? undefined : document);
}
