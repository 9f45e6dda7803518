/**
 * Sessions under faults, with controller, worker and client as processes of their own: what is cut,
 * what goes on, and what the records say afterwards. One deployment serves all tests; each makes
 * its own target and session.
 */
import type { Socket } from 'node:net';
import { connect, startDeployment, type Deployment } from '../harness/deployment';
import { dial, echo, ending, endpoint, gone, hashAll, readAll, writeMany, type Endpoint } from '../harness/endpoints';
import { waitFor } from '../harness/wait';

const MIB = 1 << 20;
let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
}, 120_000);
afterAll(() => deployment?.stop());

interface Opened {
  sessionId: string;
  port: number;
  client: Awaited<ReturnType<typeof connect>>['live'];
  close(): Promise<void>;
}

/** A session to `to`, opened by a `connect` process. */
async function open(to: Endpoint, more: Record<string, unknown> = {}): Promise<Opened> {
  const target = await deployment.api.target(deployment.projectId, to.port, more);
  const authorized = await deployment.api.authorize(target.id);
  const { live, port } = await connect(deployment, authorized.authorization_token);
  return {
    sessionId: authorized.session_id,
    port,
    client: live,
    close: () => live.stop('SIGTERM').then(() => undefined),
  };
}

/** Writes blocks until the connection dies; bounded by the test's timeout and 16 GiB. */
function flood(socket: Socket): void {
  const block = Buffer.alloc(64 * 1024, 7);
  let left = 16 * 1024 * MIB;
  const more = (): void => {
    while (left > 0 && !socket.destroyed && socket.write(block)) left -= block.length;
  };
  socket.on('drain', more);
  more();
}

/** Cancellations that the controller has pushed, by what made it push. */
async function pushes(by: 'notify' | 'repeat'): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${deployment.ports.ops}/metrics`).then((answer) => answer.text());
  return Number(new RegExp(`^sallyport_controller_session_pushes_total\\{by="${by}"\\} (\\d+)$`, 'm').exec(text)![1]);
}

const terminated = (session: any): boolean => session.status === 'terminated';
const firstConnection = (session: any): any => session.connections?.[0];

describe('cutting live bytes', () => {
  test('cancel cuts a connection that is moving bytes', async () => {
    const sink = await endpoint((socket) => void socket.resume());
    const session = await open(sink);
    const socket = await dial(session.port);
    flood(socket);
    await deployment.api.sessionWhere(
      session.sessionId,
      'moving bytes',
      (s) => Number(firstConnection(s)?.bytes_up) > MIB,
    );
    const { version } = await deployment.api.session(session.sessionId);
    const [notified, repeated] = [await pushes('notify'), await pushes('repeat')];
    const answer = await deployment.api.ok('POST', `/v1/sessions/${session.sessionId}:cancel`, { version });
    expect(answer.status).toBe('canceling');
    await gone(socket);
    const ended = await deployment.api.sessionWhere(session.sessionId, 'terminated', terminated);
    expect(ended).toMatchObject({ termination_reason: 'canceled' });
    expect(firstConnection(ended)).toMatchObject({ closed_reason: 'canceled', closed_by: 'admin', cause: 'canceled' });
    // The push cut it, not the pass that repeats what was missed. Its termination may be pushed
    // too.
    expect(await pushes('notify')).toBeGreaterThan(notified);
    expect(await pushes('repeat')).toBe(repeated);
    expect((await session.client.finished).code).toBe(1);
    await sink.close();
  });

  test('expiry cuts a connection that is moving bytes', async () => {
    const sink = await endpoint((socket) => void socket.resume());
    const session = await open(sink, { session_max_seconds: 4 });
    const socket = await dial(session.port);
    flood(socket);
    await gone(socket);
    const ended = await deployment.api.sessionWhere(session.sessionId, 'terminated', terminated);
    expect(ended).toMatchObject({ termination_reason: 'timed out' });
    expect(firstConnection(ended)).toMatchObject({ closed_reason: 'timed out', closed_by: 'policy', cause: 'expired' });
    expect(Number(firstConnection(ended).bytes_up)).toBeGreaterThan(0);
    await session.client.finished;
    await sink.close();
  });
});

describe('bytes', () => {
  test('256 MiB each way: SHA-256 equals the source, recorded bytes equal the payload', async () => {
    const total = 256 * MIB;
    let sent = '';
    const server = await endpoint((socket) => {
      const up = hashAll(socket);
      void writeMany(socket, total).then(async (sha256) => {
        sent = sha256;
        const seen = await up;
        socket.end(`${seen.sha256} ${seen.length}`);
      });
    });
    const session = await open(server);
    const socket = await dial(session.port);
    const uploading = writeMany(socket, total).then((sha256) => {
      socket.end();
      return sha256;
    });
    const received = await splitTail(socket, total);
    const uploaded = await uploading;
    expect(received.head).toBe(sent);
    expect(received.tail).toBe(`${uploaded} ${total}`);
    const after = await deployment.api.sessionWhere(
      session.sessionId,
      'closed',
      (s) => firstConnection(s)?.closed_reason !== undefined,
    );
    expect(firstConnection(after)).toMatchObject({
      bytes_up: String(total),
      bytes_down: String(total + received.tail.length),
      cause: 'fin',
    });
    await session.close();
    await server.close();
  }, 120_000);

  test('half-close: a late answer after the client has finished sending arrives whole', async () => {
    const late = Buffer.alloc(3 * MIB, 'late');
    const server = await endpoint((socket) => {
      void readAll(socket).then((question) => setTimeout(() => socket.end(Buffer.concat([question, late])), 300));
    });
    const session = await open(server);
    const socket = await dial(session.port);
    socket.end('question');
    const answer = await readAll(socket);
    expect(answer.equals(Buffer.concat([Buffer.from('question'), late]))).toBe(true);
    await session.close();
    await server.close();
  });

  test('200 connections opened, used and closed in random order leave 200 true rows', async () => {
    const server = await endpoint(echo);
    const session = await open(server);
    const sizes = Array.from({ length: 200 }, () => 1 + Math.floor(Math.random() * 20_000));
    await Promise.all(
      sizes.map(async (size, index) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
        const socket = await dial(session.port);
        socket.end(Buffer.alloc(size, index));
        const read = readAll(socket).catch((error: Error) => {
          throw new Error(`${error.message}; the client said: ${session.client.stdout}${session.client.stderr}`);
        });
        expect((await read).length).toBe(size);
      }),
    );
    const after = await deployment.api.sessionWhere(
      session.sessionId,
      'with 200 closed rows',
      (s) => s.connections?.length === 200 && s.connections.every((c: any) => c.closed_reason !== undefined),
    );
    const rows: [string, string, string, string][] = after.connections.map((c: any) => [
      c.bytes_up,
      c.bytes_down,
      c.closed_reason,
      c.cause,
    ]);
    expect(rows.map(([up]) => Number(up)).sort((a, b) => a - b)).toEqual([...sizes].sort((a, b) => a - b));
    for (const [up, down, reason, cause] of rows)
      expect([down, reason, cause]).toEqual([up, 'closed by end-user', 'fin']);
    await session.close();
    expect(server.sockets.size).toBe(0);
    const health = await fetch(`http://127.0.0.1:${deployment.ports.workerOps}/health`).then((r) => r.text());
    expect(health).not.toContain(session.sessionId);
    await server.close();
  }, 60_000);
});

// The last of the file: the deployment has no worker afterwards.
describe('a worker that is deleted', () => {
  test('cuts what it serves, and reports the exact end', async () => {
    const ends: string[] = [];
    const sink = await endpoint((socket) => {
      socket.resume();
      void ending(socket).then((end) => ends.push(end));
    });
    const session = await open(sink);
    const socket = await dial(session.port);
    flood(socket);
    await deployment.api.sessionWhere(
      session.sessionId,
      'moving bytes',
      (s) => Number(firstConnection(s)?.bytes_up) > MIB,
    );
    const { items } = await deployment.api.ok('GET', '/v1/workers?scope_id=global');
    const deleted = deployment.api.call('DELETE', `/v1/workers/${items[0].id}`);
    await gone(socket);
    expect((await deleted).status).toBe(204);
    const after = await deployment.api.session(session.sessionId);
    expect(firstConnection(after)).toMatchObject({ closed_reason: 'canceled', closed_by: 'admin', cause: 'canceled' });
    await waitFor('the endpoint to be left', () => ends.length > 0);
    expect(ends).toEqual(['ECONNRESET']);
    const health: any = await fetch(`http://127.0.0.1:${deployment.ports.workerOps}/health`).then((r) => r.json());
    expect(health).toMatchObject({ connections: 0, unacknowledged_closes: 0 });
    await session.client.finished;
    await sink.close();
  });
});

/** Hash of the first `head` bytes, and the text behind them. */
async function splitTail(socket: Socket, head: number): Promise<{ head: string; tail: string }> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  const tail: Buffer[] = [];
  let left = head;
  for await (const data of socket) {
    const chunk = data as Buffer;
    const part = chunk.subarray(0, left);
    hash.update(part);
    left -= part.length;
    if (part.length < chunk.length) tail.push(chunk.subarray(part.length));
  }
  return { head: hash.digest('hex'), tail: Buffer.concat(tail).toString() };
}
