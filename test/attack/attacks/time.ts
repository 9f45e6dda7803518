/**
 * Requests that cost much time: expressions, grants that others have to load, big bodies, long
 * lists.
 */
import { flood, type Attack, type Context, type Prepared } from '../attack';
import { HttpPeer } from '../peers';
import type { Stage } from '../stage';

const matches = (selector: string, pattern: string): string => `"${selector}" matches "${pattern}"`;
/** Nested counts of an empty group: nothing to match, and a billion times. */
const EMPTY_GROUPS = '(((){1000}){1000}){1000}';
/** Allowed alone or together: a long way for each character of a text. */
const PATTERNS = [
  '\\pL{1000}'.repeat(56),
  '\\pL{1000}\\pL{999}',
  'x{1000}'.repeat(64),
  '(\\pL|\\pN|\\pL){600}',
  '((\\pL*)*)*$',
  '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)y',
  `(${Array.from({ length: 100 }, (_, i) => `a{${i}}`).join('|')})z`,
];
/** As long as a text may be that is matched. */
const SUBJECT = 8_192;
const LONG_DESCRIPTION = 131_072;
/** Looked for in long descriptions of the letter a. */
const LONG_TEXTS = [
  `"/item/description" contains "b${'a'.repeat(7_000)}"`,
  `"/item/description" contains "${'a'.repeat(3_500)}b${'a'.repeat(3_500)}"`,
  `"/item/description" contains "${'a'.repeat(7_000)}b"`,
];
const NO_MATCHES = ['"/item/name" == "nowhere"', '"/item/description" matches "q$"'];
const LARGEST_BODY = 4 * 1_048_576 - 1_024;
/** As the report of the attack has it. */
const GRANTS = 25_000;
const GRANTS_OF_A_CALL = 1_000;

const apiOf = ({ ports, from }: Context): HttpPeer => new HttpPeer(ports.api, from, true);
const listOf = (noun: string, scope: string, filter: string, more = ''): string =>
  `/v1/${noun}?scope_id=${scope}${more}&filter=${encodeURIComponent(filter)}`;
const escaped = (pattern: string): string => pattern.replaceAll('\\', '\\\\');

/** An attacker with targets of long descriptions. */
const withDescriptions =
  (count: number, description: string, tokens = 4) =>
  async (stage: Stage): Promise<Prepared> => {
    const attacker = await stage.attacker(tokens);
    const { scope } = stage.field;
    for (let i = 0; i < count; i++) {
      const body = { scope_id: scope, type: 'tcp', name: `${attacker.loginName} ${i}`, description };
      const attributes = { default_port: 1 };
      await stage.peer.ok('POST', '/v1/targets', { token: attacker.tokens[0], body: { ...body, attributes } });
    }
    return { attackers: [attacker] };
  };

const removeAll = (stage: Stage, { attackers = [] }: Prepared): Promise<void> => stage.remove(attackers);

/** Lists of the attackers' project with one filter after the other. */
async function listTargets(context: Context, parallel: number, filters: readonly string[], more = ''): Promise<void> {
  const api = apiOf(context);
  const { tokens } = context.prepared.attackers![0]!;
  await flood(context, { parallel }, (i) => {
    const path = listOf('targets', context.field.scope, filters[i % filters.length]!, more);
    return api.call('GET', path, { token: tokens[i % tokens.length], signal: context.signal });
  });
}

/** Sessions of a target whose choice of workers costs much. */
async function filterWorkers(context: Context): Promise<void> {
  const api = apiOf(context);
  const { tokens, loginName } = context.prepared.attackers![0]!;
  const patterns = [...PATTERNS, EMPTY_GROUPS];
  const more = { token: tokens[0], signal: context.signal };
  const ids: string[] = [];
  for (const [i, pattern] of patterns.entries()) {
    const egress_worker_filter = `"test" in "/tags/type" and not ${matches('/name', escaped(pattern))}`;
    const body = { scope_id: context.field.scope, type: 'tcp', name: `${loginName} ${i}`, egress_worker_filter };
    const place = { address: '127.0.0.1', attributes: { default_port: 1 } };
    const made = await api.call('POST', '/v1/targets', { ...more, body: { ...body, ...place } });
    context.count(`target ${made.status}`);
    if (made.status === 200) ids.push(JSON.parse(made.text).id as string);
  }
  if (ids.length === 0) return;
  await flood(context, { parallel: 4 }, (i) =>
    api.call('POST', `/v1/targets/${ids[i % ids.length]}:authorize-session`, { ...more, body: {} }),
  );
}

/** As many grants for everybody as are allowed, in as many roles as that takes. */
async function grantEverybody(context: Context): Promise<void> {
  const api = apiOf(context);
  const { tokens, loginName } = context.prepared.attackers![0]!;
  const more = { token: tokens[0], signal: context.signal };
  let made = 0;
  for (let i = 0; made < GRANTS && i < 2 * (GRANTS / GRANTS_OF_A_CALL) && !context.signal.aborted; i++) {
    const body = { scope_id: context.field.scope, name: `${loginName} ${i}` };
    const created = await api.call('POST', '/v1/roles', { ...more, body });
    if (created.status !== 200) return context.count(`roles refused with ${created.status}`);
    const { id, version } = JSON.parse(created.text) as { id: string; version: number };
    const principals = { version, principal_ids: ['u_auth', 'u_anon'] };
    await api.call('POST', `/v1/roles/${id}:add-principals`, { ...more, body: principals });
    for (const size of [GRANTS_OF_A_CALL, 100]) {
      const grant_strings = Array.from({ length: size }, (_, n) => `ids=ttcp_${i}x${n};actions=read`);
      const granted = { version: version + 1, grant_strings };
      const answer = await api.call('POST', `/v1/roles/${id}:add-grants`, { ...more, body: granted });
      context.count(`add-grants ${answer.status}`);
      if (answer.status !== 200) continue;
      made += size;
      context.count('grants', size);
      break;
    }
  }
}

const fill = (unit: string): string => unit.repeat(Math.floor((LARGEST_BODY - 200) / unit.length));
/** They cost before anything in them is looked at. */
const bigBodies = (): string[] => [
  `{"scope_id":"global","grant_strings":[${fill('"",')}""]}`,
  `{"attributes":${fill('[')}`,
  `{${fill('"a":1,')}"a":1}`,
  `{"name":"${fill('\\u0041')}"}`,
  `{"name":[${fill('{},')}{}]}`,
  `{"name":${fill('9')}}`,
  `[${fill(`${'['.repeat(60)}${']'.repeat(60)},`)}0]`,
];

/** Big bodies of callers with and without a token. */
async function sendBigBodies(context: Context): Promise<void> {
  const api = apiOf(context);
  const { tokens } = context.prepared.attackers![0]!;
  const bodies = bigBodies();
  await flood(context, { parallel: 4 }, (i) => {
    const token = i % 2 === 0 ? undefined : tokens[0];
    return api.call('POST', '/v1/roles', { body: bodies[i % bodies.length], token, signal: context.signal });
  });
}

/** The costly requests one after the other: what a single one does to the event loop. */
async function oneAtATime(context: Context): Promise<void> {
  const api = apiOf(context);
  const { tokens } = context.prepared.attackers![0]!;
  const more = { token: tokens[0], signal: context.signal };
  const { scope } = context.field;
  const lists = [
    ...PATTERNS.map((pattern) => listOf('targets', scope, matches('/item/description', escaped(pattern)))),
    ...LONG_TEXTS.map((filter) => listOf('targets', scope, filter)),
    ...NO_MATCHES.map((filter) => listOf('targets', scope, filter, '&page_size=100000')),
    `/v1/targets?scope_id=${scope}&page_size=100000`,
    '/v1/targets?scope_id=global&recursive=true&page_size=100000',
  ];
  const calls = [
    ...lists.map((path) => () => api.call('GET', path, more)),
    ...bigBodies().map((body) => () => api.call('POST', '/v1/roles', { ...more, body })),
  ];
  await flood(context, { parallel: 1 }, (i) => calls[i % calls.length]!());
}

export const TIME: readonly Attack[] = [
  {
    name: 'pattern of nested empty groups, anonymous',
    class: 'time',
    run: (context) => {
      const api = apiOf(context);
      const path = listOf('scopes', 'global', matches('/item/id', EMPTY_GROUPS));
      return flood(context, { parallel: 1 }, () => api.call('GET', path, { signal: context.signal }));
    },
  },
  {
    name: 'patterns that are long to match',
    class: 'time',
    prepare: withDescriptions(4, 'é'.repeat(SUBJECT - 1)),
    run: (context) =>
      listTargets(
        context,
        4,
        PATTERNS.map((pattern) => `${matches('/item/description', escaped(pattern))}`),
      ),
    cleanUp: removeAll,
  },
  {
    name: 'filters that look for long texts',
    class: 'time',
    prepare: withDescriptions(10, 'a'.repeat(LONG_DESCRIPTION)),
    run: (context) => listTargets(context, 4, LONG_TEXTS),
    cleanUp: removeAll,
  },
  {
    name: 'worker filters that are long to decide',
    class: 'time',
    prepare: async (stage) => ({ attackers: [await stage.attacker(1)] }),
    run: filterWorkers,
    cleanUp: removeAll,
  },
  {
    name: 'grants of a project for everybody',
    class: 'time',
    seconds: 3,
    atMostSeconds: 8,
    prepare: async (stage) => ({ attackers: [await stage.attacker(1)] }),
    async run(context) {
      await grantEverybody(context);
      context.reached();
    },
    cleanUp: removeAll,
  },
  {
    name: 'big JSON bodies, deep and wide',
    class: 'time',
    prepare: async (stage) => ({ attackers: [await stage.attacker(1)] }),
    run: sendBigBodies,
    cleanUp: removeAll,
  },
  {
    name: 'long lists without a match',
    class: 'time',
    prepare: async (stage) => ({ attackers: [await stage.attacker(4)] }),
    run: (context) => listTargets(context, 8, NO_MATCHES, '&page_size=100000'),
    cleanUp: removeAll,
  },
  {
    name: 'one costly request at a time',
    class: 'time',
    seconds: 8,
    prepare: withDescriptions(10, 'a'.repeat(LONG_DESCRIPTION)),
    run: oneAtATime,
    cleanUp: removeAll,
  },
];
