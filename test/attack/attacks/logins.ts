/**
 * Passwords cost time and memory to check: who may ask for how many checks, and who is kept out by
 * them.
 */
import { flood, type Attack, type Context } from '../attack';
import { HttpPeer } from '../peers';

/** At the same moment, of one address. */
const PARALLEL_LOGINS = 150;

/** More than cost nothing but the check. */
const GUESSES = 16;

const apiOf = ({ ports, from }: Context): HttpPeer => new HttpPeer(ports.api, from, true);

function login(api: HttpPeer, context: Context, loginName: string, password: string) {
  const body = { command: 'login', attributes: { login_name: loginName, password } };
  return api.call('POST', `/v1/auth-methods/${context.authMethod}:authenticate`, { body, signal: context.signal });
}

export const LOGINS: readonly Attack[] = [
  {
    name: 'wrong passwords for a known login name',
    class: 'logins',
    seconds: 2.5,
    atMostSeconds: 8,
    withLogins: true,
    run(context) {
      const api = apiOf(context);
      return flood(context, { parallel: 4 }, async (i) => {
        if (i === GUESSES) context.reached();
        return login(api, context, context.honest.loginName, `guess ${i}`);
      });
    },
  },
  {
    name: 'wrong passwords for many login names',
    class: 'logins',
    withLogins: true,
    run(context) {
      const api = apiOf(context);
      return flood(context, { parallel: 120 }, (i) =>
        login(api, context, `somebody${context.random.below(1e9)}`, `guess ${i}`),
      );
    },
  },
  {
    name: '150 right logins at once from one address',
    class: 'logins',
    seconds: 1,
    atMostSeconds: 10,
    withLogins: true,
    prepare: async (stage) => ({ attackers: [await stage.attacker(0)] }),
    async run(context) {
      const api = apiOf(context);
      const { loginName, password } = context.prepared.attackers![0]!;
      const limits = { parallel: PARALLEL_LOGINS, limit: PARALLEL_LOGINS };
      await flood(context, limits, () => login(api, context, loginName, password));
      context.reached();
    },
    cleanUp: (stage, { attackers }) => stage.remove(attackers!),
  },
];
