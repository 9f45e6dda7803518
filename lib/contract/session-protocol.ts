/**
 * What both ends of a control stream, and of a session's connection, must agree on beside the
 * messages in proto/.
 */
import { randomBase62, type RandomInt } from '../ids/ids';

/** Version of the control stream's protocol. A controller attaches workers of its own version. */
export const CONTROL_PROTOCOL_VERSION = 1;
/**
 * Largest message of the control stream either way; inventories and grant lists grow with the
 * number of live sessions.
 */
export const MAX_CONTROL_MESSAGE_BYTES = 16 * 1_048_576;

/** What clients and workers choose by ALPN: the protocol of our own. */
export const SALLYPORT_PROTOCOL = 'sallyport/1';
/** That of Boundary: WebSocket with the subprotocol boundary-tcp-proxy-v1. */
export const BOUNDARY_PROTOCOL = 'http/1.1';

/**
 * Length of a first-use token (TOFU), in letters and digits. The first client that shows one owns
 * the session.
 */
export const TOFU_TOKEN_LENGTH = 20;
const TOFU_TOKEN = new RegExp(`^[0-9A-Za-z]{${TOFU_TOKEN_LENGTH}}$`);
export const isTofuToken = (text: string): boolean => TOFU_TOKEN.test(text);
export const newTofuToken = (random?: RandomInt): string => randomBase62(TOFU_TOKEN_LENGTH, random);
