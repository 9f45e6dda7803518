/**
 * What is half-sent, half-read or remembered: bodies without an end, answers that nobody reads,
 * sessions that wait.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { aborted, flood, pause, type Attack, type Context, type Finding, type Prepared } from '../attack';
import { clusterFrom, dialFrom, grpcCall, grpcFrame, http2From, HttpPeer } from '../peers';
import type { Stage } from '../stage';

const MIB = 1_048_576;
const CHUNK = Buffer.alloc(MIB, 0x20);
/** Of a body that is sent piece by piece. */
const SLOW_CHUNK = MIB / 16;
const LIST_TARGETS = '/sallyport.api.v1.TargetService/ListTargets';
const LIST_SCOPES = '/sallyport.api.v1.ScopeService/ListScopes';
const ENROLL = '/sallyport.worker.v1.ControlService/Enroll';
const DESCRIPTION = 131_072;
/** Together more than 4 MiB, which many gRPC clients take at most. */
const DESCRIPTIONS = 46;
const ATTACH_LIMIT_MS = 15_000;
/** A worker that comes back within this is as fast as its first retries. */
const ATTACH_AIM_MS = 1_000;
const TOLERANCE = 10;

/** A message of `size` bytes of which the last one never comes. */
function sendHalf(stream: ClientHttp2Stream, size: number, { count }: Context): void {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(size, 1);
  stream.on('close', () => count('streams cut'));
  stream.write(head);
  for (let left = size - 1; left > 0; left -= CHUNK.length)
    stream.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)));
}

interface HalfSent {
  connections: number;
  streams: number;
  /** Of a message, bytes. */
  size: number;
  path: string;
  open(context: Context): ClientHttp2Session;
}

/** Keeps so many half-sent messages, on connections that are opened again when they are cut. */
const halfSent = (how: HalfSent) => async (context: Context) => {
  const { signal, count, reached } = context;
  const sent = (session: ClientHttp2Session): number => (session.destroyed ? 0 : (session.socket?.bytesWritten ?? 0));
  const connection = async (): Promise<void> => {
    while (!signal.aborted) {
      const session = how.open(context);
      let isGone = false;
      session.once('close', () => (isGone = true));
      for (let i = 0; i < how.streams && !session.destroyed; i++)
        sendHalf(grpcCall(session, how.path), how.size, context);
      for (let known = 0; !isGone && !signal.aborted; await pause(100)) {
        const now = sent(session);
        if (now > known) count('KiB sent', Math.round((now - known) / 1_024));
        if (now >= 0.98 * how.streams * how.size) reached();
        known = Math.max(known, now);
      }
      if (isGone) count('connections cut');
      await pause(200);
    }
  };
  await Promise.all(Array.from({ length: how.connections }, connection));
};

/** Requests over HTTP/1.1 whose last byte never comes. */
async function halfSentBodies(context: Context): Promise<void> {
  const { ports, from, signal, count } = context;
  const size = 4 * MIB;
  const head = `POST /v1/roles HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`;
  const one = async (): Promise<void> => {
    const socket = dialFrom(from, ports.api);
    const gone = new Promise<boolean>((resolve) => socket.once('close', () => resolve(false)));
    socket.on('data', () => undefined).write(head);
    for (let left = size - 1; left > 0 && !signal.aborted;) {
      const part = CHUNK.subarray(0, Math.min(left, SLOW_CHUNK));
      const isSent = new Promise<boolean>((resolve) => socket.write(part, (error) => resolve(!error)));
      if (!(await Promise.race([isSent, gone]))) return count('connections cut');
      count('KiB sent', Math.round(part.length / 1_024));
      left -= part.length;
    }
    await Promise.race([gone, aborted(signal)]);
  };
  await Promise.all(Array.from({ length: 400 }, one));
}

/** Asks for lists in a row over HTTP/1.1 and reads none of the answers. */
async function unreadAnswers(context: Context): Promise<void> {
  const { ports, from, signal, field, count } = context;
  const { tokens } = context.prepared.attackers![0]!;
  const path = `/v1/targets?scope_id=${field.scope}&page_size=1000`;
  for (let i = 0; i < 200 && !signal.aborted; i++) {
    const request = `GET ${path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${tokens[i % tokens.length]}\r\n\r\n`;
    const socket = dialFrom(from, ports.api).pause();
    socket.on('close', () => count('connections cut'));
    socket.write(request.repeat(10));
    count('asked', 10);
    await pause(5);
  }
  await aborted(signal);
}

/** Asks for lists over gRPC with a window of no bytes. */
async function closedWindows(context: Context): Promise<void> {
  const { ports, from, signal, field, count } = context;
  const { tokens } = context.prepared.attackers![0]!;
  // Field 1 of the request, the scope; its id is short.
  const scope = Buffer.from(field.scope);
  const request = grpcFrame(Buffer.concat([Buffer.from([0x0a, scope.length]), scope]));
  for (let i = 0; i < 4 && !signal.aborted; i++) {
    const session = http2From(from, ports.api, { initialWindowSize: 0 });
    session.on('close', () => count('connections cut'));
    for (let n = 0; n < 128 && !session.destroyed; n++) {
      grpcCall(session, LIST_TARGETS, tokens[(i * 128 + n) % tokens.length]).end(request);
      count('asked');
      if (n % 8 === 7) await pause(10);
    }
  }
  await aborted(signal);
}

const oneAttacker = async (stage: Stage, tokens: number): Promise<Prepared> => ({
  attackers: [await stage.attacker(tokens)],
});
const removeAll = (stage: Stage, { attackers = [] }: Prepared): Promise<void> => stage.remove(attackers);

async function withDescriptions(stage: Stage): Promise<Prepared> {
  const prepared = await oneAttacker(stage, 4);
  const { tokens, loginName } = prepared.attackers![0]!;
  const [token] = tokens;
  for (let i = 0; i < DESCRIPTIONS; i++) {
    const body = {
      scope_id: stage.field.scope,
      type: 'tcp',
      name: `${loginName} ${i}`,
      attributes: { default_port: 1 },
    };
    await stage.peer.ok('POST', '/v1/targets', { token, body: { ...body, description: 'd'.repeat(DESCRIPTION) } });
  }
  return prepared;
}

/** The administrator's list of all, as gRPC clients ask for it. */
async function listOverGrpc(stage: Stage): Promise<Finding[]> {
  try {
    const { pages, most } = await stage.listOverGrpc();
    const note = `list over gRPC: ${pages} pages, the largest ${(most / MIB).toFixed(1)} MiB`;
    // Clients of grpc-go and grpc-js take 4 MiB unless told otherwise.
    return [most > 4 * MIB ? { note: `${note}, more than clients take`, isBroken: true } : { note }];
  } catch (error) {
    return [{ note: `list over gRPC: ${(error as Error).message.slice(0, 100)}`, isBroken: true }];
  }
}

/**
 * As many sessions as one user gets in the time; then the worker loses its stream and has to hear
 * of them all.
 */
const authorizeMany = (context: Context): Promise<void> => {
  const api = new HttpPeer(context.ports.api, context.from, true);
  const { tokens } = context.prepared.attackers![0]!;
  const path = `/v1/targets/${context.field.target}:authorize-session`;
  return flood(context, { parallel: 16, limit: 29_000 }, (i) =>
    api.call('POST', path, { token: tokens[i % tokens.length], body: {}, signal: context.signal }),
  );
};

/** At the end of the attack, the time that the worker needs to be back. */
export async function timeToAttach(stage: Stage, signal: AbortSignal): Promise<Finding[]> {
  await aborted(signal);
  const ms = await stage.reattach(ATTACH_LIMIT_MS);
  if (ms === undefined) return [{ note: `the worker was not back after ${ATTACH_LIMIT_MS / 1_000} s`, isBroken: true }];
  return [{ note: `worker back after ${ms} ms`, isBroken: ms > TOLERANCE * ATTACH_AIM_MS }];
}

export const MEMORY: readonly Attack[] = [
  {
    name: 'pending sessions of a user, then a lost stream',
    class: 'memory',
    seconds: 6,
    prepare: (stage) => oneAttacker(stage, 2),
    run: authorizeMany,
    takesWorkerAway: true,
    meanwhile: timeToAttach,
    cleanUp: removeAll,
  },
  {
    name: 'list pages of long descriptions',
    class: 'memory',
    prepare: withDescriptions,
    run(context) {
      const api = new HttpPeer(context.ports.api, context.from, true);
      const { tokens } = context.prepared.attackers![0]!;
      const path = `/v1/targets?scope_id=${context.field.scope}`;
      return flood(context, { parallel: 4 }, (i) =>
        api.call('GET', path, { token: tokens[i % tokens.length], signal: context.signal }),
      );
    },
    meanwhile: (stage) => listOverGrpc(stage),
    cleanUp: removeAll,
  },
  {
    name: 'answers that are not read, HTTP/1.1',
    class: 'memory',
    prepare: (stage) => oneAttacker(stage, 4),
    run: unreadAnswers,
    cleanUp: removeAll,
  },
  {
    name: 'answers that are not read, gRPC',
    class: 'memory',
    prepare: (stage) => oneAttacker(stage, 4),
    run: closedWindows,
    cleanUp: removeAll,
  },
  { name: 'half-sent bodies, HTTP/1.1', class: 'memory', seconds: 5, run: halfSentBodies },
  {
    name: 'half-sent messages at the API port',
    class: 'memory',
    seconds: 2.5,
    atMostSeconds: 8,
    run: halfSent({
      ...{ connections: 4, streams: 128, size: 4 * MIB - 1, path: LIST_SCOPES },
      open: ({ from, ports }) => http2From(from, ports.api),
    }),
  },
  {
    name: 'half-sent messages at the cluster port',
    class: 'memory',
    seconds: 2.5,
    atMostSeconds: 8,
    run: halfSent({
      ...{ connections: 8, streams: 16, size: 16 * MIB - 1, path: ENROLL },
      open: ({ from, ports }) => clusterFrom(from, ports.cluster),
    }),
  },
];
