/** The types that the proxy and the control stream share; neither imports the other. */

import type { Cause, ClosedBy } from '../../../lib/contract/endings';

export interface ConnectionEnd {
  closedBy: ClosedBy;
  cause: Cause;
  /** Error text of the operating system, such as ECONNRESET. */
  error?: string | undefined;
}

/** Why a session is over: "canceled", "expired" or another text of the controller. */
export interface SessionEnd {
  closedBy: ClosedBy;
  cause: string;
}

/** The right to serve a session by dialing its endpoint. */
export interface EgressGrant {
  sessionId: string;
  /** DER; both ends present exactly this. */
  certificate: Buffer;
  /** Ed25519, 64 bytes: seed, then public key. */
  privateKey: Buffer;
  endpoint: { host: string; port: number };
  /** Connections over the session's life; -1 is no limit. */
  connectionLimit: number;
  /** How long connections live on without a controller; absent: until expiry; 0: cut at once. */
  offlineGraceMs?: number | undefined;
  /** Remaining lifetime when the grant arrived. */
  expiresInMs: number;
}

/** Live counts of a connection, cumulative. */
export interface ConnectionCounts {
  connectionId: string;
  bytesUp: number;
  bytesDown: number;
  endpoint?: { address: string; port: number } | undefined;
}

/** A connection as its session sees it. */
export interface LiveConnection {
  readonly id: string;
  /** False until the controller has allowed it. */
  readonly isAuthorized: boolean;
  counts(): ConnectionCounts;
  /** Ends it now; the client is told why. */
  cut(end: ConnectionEnd): void;
}

export interface ClosedConnection extends ConnectionCounts, ConnectionEnd {
  sessionId: string;
  /** The time from the start of the dial to the TCP connection. */
  connectLatencyUs?: number | undefined;
  /** The time from CONNECT to the first payload byte of the endpoint. */
  firstByteLatencyUs?: number | undefined;
  /** The dial failed: the connection does not count against the session's limit. */
  dialFailed: boolean;
}

export interface AuthorizeConnection {
  sessionId: string;
  tofuToken: string;
  connectionId: string;
  client: { address: string; port: number };
}

export interface Authorization {
  /** Empty when allowed; else the cause. */
  refused: string;
  /** Who refused; absent: a controller. */
  refusedBy?: ClosedBy | undefined;
  text: string;
  /** Connections left after this one; -1 is no limit. */
  connectionsLeft: number;
  expiresInMs: number;
}

/** No controller answered in time. */
export class ControllerUnreachable extends Error {
  override name = 'ControllerUnreachable';

  constructor(
    message: string,
    /** The request was sent, so that it may have been carried out. */
    readonly wasSent: boolean,
  ) {
    super(message);
  }
}

/** The controllers, as the proxy needs them. */
export interface Controller {
  /** Rejects with {@link ControllerUnreachable}. */
  authorizeConnection(request: AuthorizeConnection): Promise<Authorization>;
  /**
   * Ends a session for its client; answers with the cause when refused, else ''. Rejects with
   * {@link ControllerUnreachable}.
   */
  endSession(sessionId: string, tofuToken: string): Promise<string>;
  /** Reports a close; kept until a controller has acknowledged it. */
  connectionClosed(closed: ClosedConnection): void;
}

/**
 * What a controller knows of a session id: a grant, an end, or both; undefined: nothing for this
 * worker.
 */
export interface FoundSession {
  grant?: EgressGrant | undefined;
  ended?: SessionEnd | undefined;
}
