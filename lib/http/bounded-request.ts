/** Requests over HTTP whose time and whose answer are bounded. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';

export interface BoundedRequest {
  /** Where to: a URL, or the path at a Unix socket that `options` name. */
  url?: URL;
  options: https.RequestOptions;
  /** Sent as JSON. */
  body?: unknown;
  timeoutMs: number;
  /** Of the answer's body. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  text: string;
}

/** The answer, whatever its status. Rejects when there is none in time, or when it is too long. */
export function boundedRequest({ url, options, body, timeoutMs, maxBytes, signal }: BoundedRequest): Promise<Answer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { ...options.headers, ...(text === undefined ? {} : { 'content-type': 'application/json' }) };
  const all = { ...options, headers, signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) };
  return new Promise((answered, failed) => {
    const request =
      url === undefined ? http.request(all) : (url.protocol === 'https:' ? https : http).request(url, all);
    request.on('error', failed);
    request.on('response', (response) => void read(response, maxBytes).then(answered, failed));
    request.end(text);
  });
}

function read(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      // Left unread, the connection would stay open.
      if (bytes > maxBytes) response.destroy(new Error('the answer is too long'));
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
  });
}
