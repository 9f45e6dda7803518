/** Where the controller is. */
import { LocalError } from '../io/errors';

export interface Address {
  /** As gRPC names it: `host:port` or `unix:PATH`. */
  target: string;
  tls: boolean;
  /** Base URL without a path, for messages and curl commands. */
  url: string;
}

/** Understands `http://`, `https://` and `unix://`. A path from `/v1` on is cut off. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix://')) return { target: `unix:${text.slice('unix://'.length)}`, tls: false, url: text };
  const url = parseUrl(text);
  if (url === undefined || url.hostname === '')
    throw new LocalError(
      `Error creating API client: ${JSON.stringify(text)} is no address; expected http://HOST:PORT or https://HOST:PORT`,
    );
  const tls = url.protocol === 'https:';
  const port = url.port === '' ? (tls ? '443' : '80') : url.port;
  return { target: `${url.hostname}:${port}`, tls, url: `${url.protocol}//${url.host}` };
}

function parseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}
