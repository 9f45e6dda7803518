/** Tells controllers what a worker serves, in pieces, because it grows with use. */
import { limit } from '../../../lib/limits/limit';
import type { ConnectionStat, SessionInventory } from '../../../proto/gen/worker/control';
import type { WorkerSession } from '../sessions/registry';
import type { LiveConnection } from '../sessions/types';
import type { Outgoing } from './control-stream';

const ITEMS = limit('inventory of a message', 1_000, {
  what: 'sessions and connections of a worker in one message to a controller',
  unit: 'sessions and connections',
  reached: 'the rest follows in further messages',
  test: 'services/worker/control/control-client.test.ts: an inventory goes in pieces, each after the answer to the one before',
});

/**
 * Reads the sessions piece by piece. What begins or ends meanwhile is reported by messages of its
 * own.
 */
function* inventoryPieces(sessions: Iterable<WorkerSession>): Generator<SessionInventory[], undefined> {
  let piece: SessionInventory[] = [];
  let items = 0;
  for (const session of sessions) {
    if (session.ended) continue;
    let own: SessionInventory = { session_id: session.id, connections: [] };
    piece.push(own);
    items++;
    for (const connection of session.connections.values()) {
      if (!connection.isAuthorized) continue;
      if (items >= ITEMS) {
        yield piece;
        own = { session_id: session.id, connections: [] };
        [piece, items] = [[own], 1];
      }
      own.connections.push(inventoryOf(connection));
      items++;
    }
    if (items >= ITEMS) {
      yield piece;
      [piece, items] = [[], 0];
    }
  }
  if (piece.length > 0) yield piece;
}

function inventoryOf(connection: LiveConnection) {
  const { connectionId, bytesUp, bytesDown } = connection.counts();
  return { connection_id: connectionId, bytes_up: BigInt(bytesUp), bytes_down: BigInt(bytesDown) };
}

/** Tells one stream what the worker served when it said Hello. */
export class InventoryReport {
  private readonly pieces: Generator<SessionInventory[], undefined>;
  /** For Hello. */
  readonly first: SessionInventory[];
  private next: SessionInventory[] | undefined;

  constructor(
    sessions: Iterable<WorkerSession>,
    private readonly send: (message: Outgoing) => void,
  ) {
    this.pieces = inventoryPieces(sessions);
    this.first = this.take() ?? [];
    this.next = this.take();
  }

  get hasMore(): boolean {
    return this.next !== undefined;
  }

  /** The next piece. The one after it is sent when the controller has answered. */
  goOn(): void {
    if (this.next === undefined) return;
    const sessions = this.next;
    this.next = this.take();
    this.send({ $case: 'inventory', value: { sessions, more: this.hasMore } });
  }

  /**
   * Tells a controller that takes no pieces, by their counts, that the other connections are alive.
   */
  sendAsStats(): void {
    for (; this.next !== undefined; this.next = this.take()) {
      const stats = asStats(this.next);
      if (stats.length > 0) this.send({ $case: 'connection_stats', value: { stats } });
    }
  }

  private take(): SessionInventory[] | undefined {
    return this.pieces.next().value;
  }
}

const asStats = (piece: readonly SessionInventory[]): ConnectionStat[] =>
  piece.flatMap(({ connections }) =>
    connections.map((connection) => ({ ...connection, endpoint_address: '', endpoint_port: 0 })),
  );
