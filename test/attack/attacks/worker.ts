/**
 * Peers of the worker's proxy port that never authenticate; the kinds are those of the harness's
 * attacker.
 */
import { Attacker, type Abuse } from '../../harness/attacker';
import { aborted, type Attack, type Context } from '../attack';
import type { Stage } from '../stage';

const NO_SOCKETS: Record<Abuse, number> = {
  idle: 0,
  'slow-loris': 0,
  'half-open': 0,
  garbage: 0,
  oversized: 0,
  'port scan': 0,
};

/** A whole ClientHello for a session of the attacker. */
async function helloOfSession(stage: Stage) {
  const attacker = await stage.attacker(1);
  const path = `/v1/targets/${stage.field.target}:authorize-session`;
  const session = await stage.peer.ok('POST', path, { token: attacker.tokens[0], body: {} });
  return { attackers: [attacker], hello: await stage.helloOf(session.session_id as string) };
}

/** The kinds at once; each from so many addresses, with at most so many new sockets a second. */
const abuse =
  (kinds: Partial<Record<Abuse, number>>, { addresses, perSecond }: { addresses: number; perSecond: number }) =>
  async ({ ports, prepared, signal, count }: Context): Promise<void> => {
    const sockets = { ...NO_SOCKETS, ...kinds };
    const attacker = Attacker.start({ port: ports.proxy, sockets, perSecond, addresses, hello: prepared.hello! });
    const tell = async (): Promise<void> => {
      const tallies = await attacker.tally();
      for (const kind of Object.keys(kinds) as Abuse[]) {
        count(`${kind} opened`, tallies[kind].opened - (told[kind] ?? 0));
        told[kind] = tallies[kind].opened;
      }
    };
    const told: Partial<Record<Abuse, number>> = {};
    const timer = setInterval(() => void tell().catch(() => undefined), 500);
    await aborted(signal);
    clearInterval(timer);
    await attacker.stop();
  };

const cleanUp: Attack['cleanUp'] = (stage, { attackers }) => stage.remove(attackers!);

export const WORKER: readonly Attack[] = [
  {
    name: 'proxy port: idle sockets and slow-loris',
    class: 'worker',
    prepare: helloOfSession,
    run: abuse({ idle: 8_000, 'slow-loris': 400 }, { addresses: 1, perSecond: 2_000 }),
    cleanUp,
  },
  {
    name: 'proxy port: handshakes without end',
    class: 'worker',
    prepare: helloOfSession,
    run: abuse({ 'half-open': 4_000 }, { addresses: 1, perSecond: 1_000 }),
    cleanUp,
  },
  {
    name: 'proxy port: garbage, oversized hellos, scans',
    class: 'worker',
    prepare: helloOfSession,
    run: abuse({ garbage: 200, oversized: 100, 'port scan': 200 }, { addresses: 2, perSecond: 500 }),
    cleanUp,
  },
];
