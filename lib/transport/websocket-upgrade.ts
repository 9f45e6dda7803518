/** Constants of the upgrade to Boundary's session protocol. */
import { createHash } from 'node:crypto';

export const SUBPROTOCOL = 'boundary-tcp-proxy-v1';
export const UPGRADE_PATH = '/v1/proxy';
/** RFC 6455, 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The answer to a Sec-WebSocket-Key. */
export const webSocketAccept = (key: string): string =>
  createHash('sha1')
    .update(key + ACCEPT_SUFFIX)
    .digest('base64');
