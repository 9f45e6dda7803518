/**
 * The decision on grants against the rules written down a second time, as plainly as they can be.
 */
import fc from 'fast-check';
import { Work } from '../../../lib/limits/work';
import { HeldRole, ScopeAccess } from './access';
import { everyIdAction, typeOfId } from './actions';
import {
  decide,
  parseGrant,
  type Grant,
  type HeldGrant,
  type OutputFields,
  type Resource,
  type Subject,
} from './grants';
import { Session } from './session';

const bob: Subject = { userId: 'u_bob', accountId: 'acctpw_bob', anonymous: false };
/** Logged in by a recovery key or the like: no account. */
const accountless: Subject = { userId: 'u_bob', accountId: undefined, anonymous: false };
const anonymous: Subject = { userId: 'u_anon', accountId: undefined, anonymous: true };

const TOP_LEVEL = ['group', 'host-catalog', 'scope', 'auth-method', 'user', 'worker', 'target', 'session', 'alias'];
const GLOBAL_ONLY = ['worker', 'alias'];
const ANONYMOUS: Record<string, string[]> = {
  scope: ['list', 'no-op'],
  'auth-method': ['list', 'no-op', 'authenticate'],
};

/** Whether the role's grants are held in the scope of the resource. */
function reach({ roleScopeId, grantScope }: HeldGrant, r: Resource): boolean {
  return (
    (grantScope === 'this' && roleScopeId === r.scopeId) ||
    (grantScope === 'children' && roleScopeId === r.parentScopeId) ||
    (grantScope === 'descendants' && r.scopeId !== 'global') ||
    grantScope === r.scopeId
  );
}

/** Whether the grant is about this action on this resource, if it allowed it. */
function about(subject: Subject, { grant: g }: HeldGrant, r: Resource, a: string): boolean {
  const base = a.replace(/:.*/, '');
  const onItem = base !== 'list' && base !== 'create';
  if (subject.anonymous) return g.type === r.type && (ANONYMOUS[r.type] ?? []).includes(a);
  if (GLOBAL_ONLY.includes(r.type) && r.scopeId !== 'global') return false;
  const ids = (g.ids ?? []).map((id) =>
    id.startsWith('{{') ? (/user/i.test(id) ? subject.userId : subject.accountId) : id,
  );
  const typeFits = g.type === r.type || g.type === '*';
  return (
    (r.id !== undefined && ids.includes(r.id) && (g.type === undefined || g.type === r.type) && onItem) ||
    (g.ids === undefined && r.id === undefined && g.type === r.type && TOP_LEVEL.includes(r.type) && !onItem) ||
    (g.ids?.[0] === '*' && typeFits) ||
    (r.pin !== undefined && ids.includes(r.pin) && typeFits && !TOP_LEVEL.includes(r.type))
  );
}

const grantsAction = ({ grant }: HeldGrant, a: string): boolean =>
  [a, a.replace(/:.*/, ''), '*'].some((word) => grant.actions.includes(word));

/** What may be done, and which fields of the answer are shown. */
function oracle(subject: Subject, held: HeldGrant[], r: Resource, a: string): [boolean, OutputFields] {
  const concerned = held.filter((one) => reach(one, r) && about(subject, one, r, a));
  const allowing = concerned.filter((one) => grantsAction(one, a));
  const onlyFields = concerned.filter(({ grant }) => grant.actions.length === 0);
  const fields = [...allowing, ...onlyFields].flatMap(({ grant }) => [...(grant.outputFields ?? [])]);
  const shown: OutputFields = fields.includes('*')
    ? 'all'
    : fields.length > 0
      ? new Set(fields)
      : subject.anonymous
        ? 'default-anonymous'
        : 'all';
  return [allowing.length > 0, shown];
}

const IDS = [
  ...['', 'ids=*;', 'ids=*;', 'ids=*;', 'ids=g_1;', 'ids=hcst_1;', 'ids=hcst_1,hcst_2;', 'ids=hst_1;', 'ids=ttcp_1;'],
  ...[
    'ids=s_1;',
    'ids={{user.id}};',
    'ids={{.Account.Id}};',
    'ids={{.User.Id}};',
    'ids=global;',
    'ids=ampw_1;',
    'id=g_1;',
  ],
];
const TYPES = [
  ...['', 'type=*;', 'type=*;', 'type=group;', 'type=host;', 'type=host-catalog;', 'type=scope;', 'type=auth-method;'],
  ...['type=worker;', 'type=alias;', 'type=session;', 'type=target;', 'type=account;', 'type=user;'],
];
const GRANTED = [
  ...['', 'actions=*', 'actions=*', 'actions=read', 'actions=list', 'actions=create', 'actions=read,update'],
  ...['actions=no-op', 'actions=list,create', 'actions=read:self', 'actions=authenticate', 'actions=create:worker-led'],
];
const SHOWN = ['', '', 'output_fields=id', 'output_fields=name,version', 'output_fields=*'];

function parsed(text: string): Grant[] {
  try {
    return [parseGrant(text)];
  } catch {
    return [];
  }
}

/** Every combination that is a grant. */
const GRANTS = IDS.flatMap((ids) =>
  TYPES.flatMap((type) =>
    GRANTED.flatMap((actions) =>
      SHOWN.flatMap((fields) => parsed(`${ids}${type}${[actions, fields].filter((part) => part !== '').join(';')}`)),
    ),
  ),
);

const roles: fc.Arbitrary<HeldGrant[]> = fc.array(
  fc.record({
    grant: fc.constantFrom(...GRANTS),
    roleId: fc.constant('r_1'),
    roleScopeId: fc.constantFrom('global', 'o_1', 'p_1'),
    grantScope: fc.constantFrom('this', 'this', 'children', 'descendants', 'o_1', 'p_1'),
  }),
  { minLength: 4, maxLength: 12 },
);

/** Grant scopes that a role of the scope can have. */
const LEGAL: Record<string, string[]> = {
  global: ['this', 'children', 'descendants', 'o_1', 'p_1'],
  o_1: ['this', 'children', 'p_1'],
  p_1: ['this'],
};
const legalRoles = roles.map((held) => held.filter((one) => LEGAL[one.roleScopeId]!.includes(one.grantScope)));

const resources: fc.Arbitrary<Resource> = fc
  .record({
    type: fc.constantFrom(...TOP_LEVEL, 'host', 'account', 'credential'),
    id: fc.constantFrom(undefined, 'g_1', 'hcst_1', 'hst_1', 'u_bob', 'acctpw_bob', 'ttcp_1', 's_1', 'global'),
    pin: fc.constantFrom(undefined, 'hcst_1', 'hcst_3', 'ampw_1'),
    scope: fc.constantFrom<[string, string | undefined]>(['global', undefined], ['o_1', 'global'], ['p_1', 'o_1']),
  })
  .map(({ scope, ...rest }) => ({ ...rest, scopeId: scope[0], parentScopeId: scope[1] }));

const ACTIONS = [
  ...['read', 'list', 'create', 'update', 'read:self', 'no-op', 'create:worker-led', 'authenticate', 'cancel:self'],
];

test('the decision and the fields shown are those of the rules', () => {
  const subject = fc.constantFrom(bob, accountless, anonymous);
  let allowed = 0;
  fc.assert(
    fc.property(roles, resources, fc.constantFrom(...ACTIONS), subject, (held, resource, action, who) => {
      const decision = decide(who, held, resource, action);
      const [may, fields] = oracle(who, held, resource, action);
      expect({ allowed: decision.allowed, fields: decision.outputFields }).toEqual({ allowed: may, fields });
      if (may) allowed++;
    }),
    { numRuns: 4_000 },
  );
  // Random grants that never fit would prove nothing.
  expect(allowed).toBeGreaterThan(200);
});

/**
 * The same grants as roles that are held, by their scope, with the indexes that requests decide by.
 */
function sessionOf(who: Subject, held: HeldGrant[]): Session {
  const session = new Session({
    userId: who.userId,
    accountId: who.accountId,
    authTokenId: who.anonymous ? undefined : 'at_1',
  });
  const access = ['global', 'o_1', 'p_1'].map((scope) => {
    const inScope = held.filter(({ roleScopeId }) => roleScopeId === scope);
    return new ScopeAccess(
      scope,
      'tag',
      inScope.map(({ grant, grantScope }, i) => new HeldRole(`r_${i}`, [grantScope], [grant])),
    );
  });
  session.add(
    access.map((one) => ({ holder: who.userId, access: one })),
    'everywhere',
  );
  return session;
}

test('the indexes decide as the rules do, whatever was asked before', () => {
  const subject = fc.constantFrom(bob, accountless, anonymous);
  const questions = fc.array(fc.tuple(resources, fc.constantFrom(...ACTIONS)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(legalRoles, questions, subject, (held, asked, who) => {
      const session = sessionOf(who, held);
      const work = new Work(1_000_000, 1_000_000);
      for (const [resource, action] of asked) {
        const [may, fields] = oracle(who, held, resource, action);
        const decision = session.decide(action, resource, work);
        expect({ allowed: decision.allowed, fields: decision.outputFields }).toEqual({ allowed: may, fields });
        const all = ACTIONS.filter((one) => oracle(who, held, resource, one)[0]);
        expect(session.allowed(ACTIONS, resource, work)).toEqual(all);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('what lists look at holds every item with an action', () => {
  const subject = fc.constantFrom(bob, accountless);
  fc.assert(
    fc.property(legalRoles, resources, subject, (held, item, who) => {
      const session = sessionOf(who, held);
      const work = new Work(1_000_000, 1_000_000);
      const { id, ...collection } = item;
      // Only ids of the type are items of the collection.
      if (id === undefined || typeOfId(id) !== item.type) return;
      const some = session.allowed(everyIdAction(item.type), item, work).length > 0;
      const { everything, ids } = session.reach(collection, work);
      if (some) expect(everything || ids.includes(id) || session.reach(collection, work).own).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('more grants never take anything away', () => {
  fc.assert(
    fc.property(roles, roles, resources, fc.constantFrom(...ACTIONS), (some, more, resource, action) => {
      if (!decide(bob, some, resource, action).allowed) return;
      expect(decide(bob, [...some, ...more], resource, action).allowed).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

/** The parts of a grant in any order and spelling, and its one canonical form. */
const grammar = fc
  .record({
    ids: fc.constantFrom(['*'], ['ttcp_1'], ['ttcp_2', 'ttcp_1'], ['{{.User.Id}}'], ['global']),
    actions: fc.uniqueArray(fc.constantFrom('read', 'update', 'delete', 'no-op', 'read:self'), { minLength: 1 }),
    fields: fc.uniqueArray(fc.constantFrom('id', 'name', 'version', 'scope')),
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
    upper: fc.boolean(),
    noise: fc.constantFrom('', 'x=y;'),
  })
  .map(({ ids, actions, fields, order, upper, noise }) => {
    const type = ids[0] === '*' ? 'target' : undefined;
    const loud = (words: string[]): string => (upper ? words.join(',').toUpperCase() : words.join(','));
    const parts = [
      `ids=${ids.join(',')}`,
      type === undefined ? '' : `type=${loud([type])}`,
      `actions=${loud(actions)}`,
      fields.length === 0 ? '' : `output_fields=${fields.join(',')}`,
    ];
    const plain =
      noise +
      order
        .map((i) => parts[i])
        .filter((part) => part !== '')
        .join(';');
    const json = JSON.stringify({ ids, type, actions, ...(fields.length === 0 ? {} : { output_fields: fields }) });
    const canonical = [
      `ids=${ids.join(',')}`,
      ...(type === undefined ? [] : [`type=${type}`]),
      `actions=${[...actions].sort().join(',')}`,
      ...(fields.length === 0 ? [] : [`output_fields=${[...fields].sort().join(',')}`]),
    ].join(';');
    return { plain, json, canonical };
  });

test('every spelling of a grant has one canonical form', () => {
  fc.assert(
    fc.property(grammar, ({ plain, json, canonical }) => {
      expect([plain, json, canonical].map((text) => parseGrant(text).canonical)).toEqual([
        canonical,
        canonical,
        canonical,
      ]);
    }),
    { numRuns: 1_000 },
  );
});
