/** What one address or account takes that others need: rates, connections, places in queues. */
import type { Socket } from 'node:net';
import { flood, pause, type Attack, type Context, type Finding } from '../attack';
import { dialFrom, HttpPeer, tlsOver } from '../peers';
import type { Stage } from '../stage';
import { timeToAttach } from './memory';

/** As many lists as everybody together has in 30 s, and some. */
const ANONYMOUS_CALLS = 1_600;
/** More than the table of the deployment holds. */
const INVENTED = 1_600;
/** Each is counted by itself; none is what the honest user lists. */
const NOUNS = ['users', 'groups', 'roles'];
const API_CONNECTIONS = 8_192;
const CLUSTER_CONNECTIONS = 600;
/**
 * New sockets in 10 ms, until all were opened once, and then in the place of those that are closed.
 */
const BURST = 20;
const LATER_BURST = 4;
const TRY_MS = 250;

const apiOf = ({ ports, from }: Context): HttpPeer => new HttpPeer(ports.api, from, true);

/**
 * Keeps so many connections open, which say no more than `open` does; those that are closed are
 * opened again.
 */
async function hold({ signal, count, reached }: Context, wanted: number, open: () => Socket): Promise<void> {
  const held = new Set<Socket>();
  for (let opened = 0; !signal.aborted;) {
    const burst = opened < wanted ? BURST : LATER_BURST;
    for (let i = 0; i < burst && held.size < wanted; i++, opened++) {
      const socket = open();
      held.add(socket);
      count('opened');
      socket
        .on('data', () => undefined)
        .on('close', () => {
          held.delete(socket);
          count('closed by the server');
        });
    }
    if (opened >= wanted) reached();
    await pause(10);
  }
}

/**
 * Tokens that nobody has issued, and addresses that nobody has called from: each takes a row where
 * calls are counted.
 */
async function inventCallers(context: Context): Promise<void> {
  const api = apiOf(context);
  const { random } = context;
  await flood(context, { parallel: 16, limit: INVENTED }, (i) => {
    const token = `at_${String(random.below(1e10)).padStart(10, '0')}_${random.below(1e9)}`;
    const from =
      i % 3 === 0 ? `127.${100 + random.below(50)}.${random.below(250)}.${1 + random.below(250)}` : context.from;
    const noun = NOUNS[i % NOUNS.length]!;
    return api.call('GET', `/v1/${noun}?scope_id=global`, { token, from, signal: context.signal });
  });
  context.reached();
}

/** Somebody with a token, from addresses that have not called before. */
async function newcomers(stage: Stage, signal: AbortSignal): Promise<Finding[]> {
  const refused: Record<string, number> = {};
  let [tried, failed] = [0, 0];
  for (; !signal.aborted; tried++) {
    const path = `/v1/targets?scope_id=${stage.honest.scope}`;
    const from = `127.200.${1 + (tried % 200)}.7`;
    const token = stage.honest.tokens[tried % stage.honest.tokens.length]!;
    const { status } = await stage.peer.call('GET', path, { token, from }).catch(() => ({ status: 0 }));
    if (status !== 200) {
      failed++;
      refused[status] = (refused[status] ?? 0) + 1;
    }
    await pause(TRY_MS);
  }
  const note = `newcomers with a token: ${tried - failed} of ${tried} served`;
  return [failed === 0 ? { note } : { note: `${note}, refused ${JSON.stringify(refused)}`, isBroken: true }];
}

const prepare = async (stage: Stage) => ({ attackers: [await stage.attacker(1), await stage.attacker(1)] });
const cleanUp: Attack['cleanUp'] = (stage, { attackers }) => stage.remove(attackers!);

export const SHARES: readonly Attack[] = [
  {
    name: 'anonymous calls for the rate of everybody',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 8,
    async run(context) {
      const api = apiOf(context);
      const path = '/v1/targets?scope_id=global&recursive=true';
      await flood(context, { parallel: 16, limit: ANONYMOUS_CALLS }, () =>
        api.call('GET', path, { signal: context.signal }),
      );
      context.reached();
    },
  },
  {
    name: 'invented tokens and addresses',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 8,
    run: inventCallers,
    meanwhile: newcomers,
  },
  {
    name: 'idle connections to the API port',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 6,
    run: (context) => hold(context, API_CONNECTIONS, () => dialFrom(context.from, context.ports.api)),
  },
  {
    name: 'unfinished requests to the API port',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 6,
    run: (context) =>
      hold(context, API_CONNECTIONS, () => {
        const socket = dialFrom(context.from, context.ports.api);
        socket.write('GET /v1/scopes HTTP/1.1\r\nHost: api\r\nX-Slow: ');
        return socket;
      }),
  },
  {
    name: 'idle connections to the cluster port',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 4,
    run: (context) => hold(context, CLUSTER_CONNECTIONS, () => dialFrom(context.from, context.ports.cluster)),
    takesWorkerAway: true,
    meanwhile: timeToAttach,
  },
  {
    name: 'TLS connections to the cluster port',
    class: 'shares',
    seconds: 2.5,
    atMostSeconds: 6,
    run: (context) =>
      hold(context, CLUSTER_CONNECTIONS, () => {
        const socket = dialFrom(context.from, context.ports.cluster);
        return tlsOver(socket, 'sallyport-controller');
      }),
    takesWorkerAway: true,
    meanwhile: timeToAttach,
  },
  {
    name: 'authorize-session of two users, 64 at once each',
    class: 'shares',
    prepare,
    run(context) {
      const api = apiOf(context);
      const path = `/v1/targets/${context.field.target}:authorize-session`;
      return flood(context, { parallel: 128 }, (i) => {
        const [token] = context.prepared.attackers![i % 2]!.tokens;
        return api.call('POST', path, { token, body: {}, signal: context.signal });
      });
    },
    cleanUp,
  },
  {
    name: 'lists of one user, 64 at once',
    class: 'shares',
    prepare,
    run(context) {
      const api = apiOf(context);
      const path = `/v1/targets?scope_id=${context.field.scope}`;
      return flood(context, { parallel: 64 }, () =>
        api.call('GET', path, { token: context.prepared.attackers![0]!.tokens[0], signal: context.signal }),
      );
    },
    cleanUp,
  },
];
