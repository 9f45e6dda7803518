/**
 * What programs compare, by noun: which text a refusal has, which field it names, and what changes
 * nothing. The rules are those of existing clients; each row holds what differs from the others.
 */
import { DEV } from '../harness/controller';
import type { Answer } from '../harness/api';
import { VaultServer } from '../harness/vault';
import { startWholeController, type WholeController } from '../harness/whole-controller';
import { create, createWorld, NOUNS, titleOf, type ListEdit, type Noun, type World } from './nouns';

const vault = new VaultServer();
let controller: WholeController;
let world: World;

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController();
  world = await createWorld(controller.http, vault);
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
});

const call = (method: string, path: string, body?: object): Promise<Answer> =>
  controller.api.call(method, `/v1/${path}`, body);
const make = (noun: Noun, more: object = {}): Promise<any> => create(controller.http, world, noun, more);
const item = (noun: Noun): object => noun.item(world, 1_000 + ++made);
let made = 0;

const refused = (message: string, fields: Record<string, string>): object => ({
  status: 400,
  body: {
    kind: 'InvalidArgument',
    message,
    details: {
      request_fields: Object.entries(fields)
        .map(([name, description]) => ({ name, description }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    },
  },
});
const REQUEST = 'Error in provided request.';
const FIELDS = 'Errors in provided fields.';
const notFound = (message: string): object => ({ status: 404, body: { kind: 'NotFound', message } });

/** What differs from the other nouns. */
interface Texts {
  collection: string;
  /** An id of the noun that nothing has. */
  unknown: string;
  /** Of ill-formed ids, by method; those of most nouns when absent. */
  illFormed?: { GET: string; DELETE: string };
  stale?(id: string): string;
  /** Of a version in a create. */
  version?: string;
  /** What a mask that names nothing lacks. */
  mask?: 'fields' | 'paths';
  /** What else is refused as read-only in an update, with its value. */
  readOnly?: Record<string, unknown>;
  /** Of a name that is an empty text. */
  emptyName?: { create: string; update: string };
}

const SCOPE_ID = 'Invalidly formatted scope id.';
const MUST_HAVE_NAME = { create: 'This field is required.', update: 'This field cannot be set to empty.' };
const TEXTS: Record<string, Texts> = {
  Scope: {
    collection: 'scopes',
    unknown: 'p_AAAAAAAAAA',
    illFormed: { GET: SCOPE_ID, DELETE: SCOPE_ID },
    version: 'This cannot be specified at create time.',
  },
  AuthMethod: {
    collection: 'auth-methods',
    unknown: 'ampw_AAAAAAAAAA',
    stale: (id) => `AuthMethod \\"${id}\\" doesn't exist or incorrect version provided.`,
  },
  Account: {
    collection: 'accounts',
    unknown: 'acctpw_AAAAAAAAAA',
    stale: (id) => `Account \\"${id}\\" doesn't exist or incorrect version provided.`,
  },
  ManagedGroup: {
    collection: 'managed-groups',
    unknown: 'mgldap_AAAAAAAAAA',
    stale: (id) => `Managed Group \\"${id}\\" doesn't exist or incorrect version provided.`,
  },
  User: { collection: 'users', unknown: 'u_AAAAAAAAAA' },
  Group: { collection: 'groups', unknown: 'g_AAAAAAAAAA' },
  Role: {
    collection: 'roles',
    unknown: 'r_AAAAAAAAAA',
    readOnly: {
      principal_ids: ['u_anon'],
      principals: [{ id: 'u_anon' }],
      grant_strings: ['ids=*;type=*;actions=*'],
      grants: [{ raw: 'ids=*;type=*;actions=*' }],
    },
  },
  HostCatalog: {
    collection: 'host-catalogs',
    unknown: 'hcst_AAAAAAAAAA',
    stale: (id) => `Host Catalog "${id}" doesn't exist or incorrect version provided.`,
  },
  Host: { collection: 'hosts', unknown: 'hst_AAAAAAAAAA' },
  HostSet: {
    collection: 'host-sets',
    unknown: 'hsst_AAAAAAAAAA',
    stale: (id) => `Host Set "${id}" doesn't exist or incorrect version provided.`,
  },
  CredentialStore: {
    collection: 'credential-stores',
    unknown: 'csst_AAAAAAAAAA',
    stale: (id) => `Credential Store "${id}" doesn't exist or incorrect version provided.`,
  },
  CredentialLibrary: {
    collection: 'credential-libraries',
    unknown: 'clvlt_AAAAAAAAAA',
    stale: (id) => `Credential Library "${id}" doesn't exist or incorrect version provided.`,
  },
  Credential: { collection: 'credentials', unknown: 'credup_AAAAAAAAAA' },
  Target: {
    collection: 'targets',
    unknown: 'ttcp_AAAAAAAAAA',
    mask: 'paths',
    stale: (id) => `Target "${id}" not found or incorrect version provided.`,
    emptyName: MUST_HAVE_NAME,
  },
  Alias: { collection: 'aliases', unknown: 'alt_AAAAAAAAAA' },
  Worker: { collection: 'workers', unknown: 'w_AAAAAAAAAA' },
};

const textsOf = ({ noun }: Noun): Texts => TEXTS[noun]!;
/** Where one is created. */
const placeOf = (noun: Noun): string =>
  noun.noun === 'Worker' ? 'workers:create:controller-led' : textsOf(noun).collection;
const READ_ONLY_CREATE = 'This is a read only field.';
const READ_ONLY_UPDATE = 'This is a read only field and cannot be specified in an update request.';
const THEN = '2020-01-01T00:00:00Z';

describe.each(NOUNS.map((noun): [string, Noun] => [titleOf(noun), noun]))('%s', (_, noun) => {
  const texts = textsOf(noun);
  const { collection } = texts;
  const path = (id: string) => `${collection}/${id}`;

  test('ids: ill-formed, of another noun, unknown', async () => {
    const other = noun.noun === 'Group' ? 'u_1234567890' : 'g_1234567890';
    const texts404 = notFound('Resource not found.');
    for (const id of ['zz_1', other]) {
      const get = texts.illFormed?.GET ?? 'Invalid formatted identifier.';
      expect(await call('GET', path(id))).toMatchObject(refused(REQUEST, { id: get }));
      const patch = noun.noun === 'Scope' ? SCOPE_ID : 'Improperly formatted path identifier.';
      const change = { version: 1, description: 'x' };
      expect(await call('PATCH', path(id), change)).toMatchObject(refused(REQUEST, { id: patch }));
      const gone = texts.illFormed?.DELETE ?? 'Incorrectly formatted identifier.';
      expect(await call('DELETE', path(id))).toMatchObject(refused(REQUEST, { id: gone }));
    }
    expect(await call('GET', path(texts.unknown))).toMatchObject(texts404);
    expect(await call('PATCH', path(texts.unknown), { version: 1, description: 'x' })).toMatchObject(texts404);
    expect(await call('DELETE', path(texts.unknown))).toMatchObject(texts404);
  });

  test('create: read-only fields, empty and unprintable texts', async () => {
    const more = { id: 'x_1', created_time: THEN, updated_time: THEN, version: 3 };
    expect(await call('POST', placeOf(noun), { ...item(noun), name: 'n', ...more })).toMatchObject(
      refused(REQUEST, {
        id: READ_ONLY_CREATE,
        created_time: READ_ONLY_CREATE,
        updated_time: READ_ONLY_CREATE,
        version: texts.version ?? 'Cannot specify this field in a create request.',
      }),
    );
    const empty = { ...item(noun), name: ' ', description: '' };
    expect(await call('POST', placeOf(noun), empty)).toMatchObject(
      refused(REQUEST, {
        name: texts.emptyName?.create ?? 'Cannot set empty string as name',
        description: 'Cannot set empty string as description',
      }),
    );
    const unprintable = { ...item(noun), name: 'a\u0001', description: 'b\u0001' };
    expect(await call('POST', placeOf(noun), unprintable)).toMatchObject(
      refused(REQUEST, {
        name: 'Name contains unprintable characters',
        description: 'Description contains unprintable characters',
      }),
    );
  });

  test('update: what must be there, what is read-only, a version that is not current', async () => {
    const { id } = await make(noun);
    const version = 'Existing resource version is required for an update.';
    expect(await call('PATCH', path(id))).toMatchObject(refused(REQUEST, { version }));
    expect(await call('PATCH', path(id), { description: 'x' })).toMatchObject(refused(REQUEST, { version }));
    expect(await call('PATCH', path(id), { version: 1 })).toMatchObject(
      refused('No valid fields included in the update mask.', {
        update_mask: `No valid ${texts.mask ?? 'fields'} provided in the update mask.`,
      }),
    );
    const readOnly = { id, created_time: THEN, updated_time: THEN, ...texts.readOnly };
    expect(await call('PATCH', path(id), { version: 1, ...readOnly })).toMatchObject(
      refused(REQUEST, Object.fromEntries(Object.keys(readOnly).map((name) => [name, READ_ONLY_UPDATE]))),
    );
    const empty = { version: 1, name: '', description: ' ' };
    expect(await call('PATCH', path(id), empty)).toMatchObject(
      refused(REQUEST, {
        name: texts.emptyName?.update ?? 'Cannot set empty string as name',
        description: 'Cannot set empty string as description',
      }),
    );
    const stale = texts.stale?.(id) ?? `${noun.noun} "${id}" doesn't exist or incorrect version provided.`;
    expect(await call('PATCH', path(id), { version: 9, description: 'x' })).toMatchObject(notFound(stale));
    expect((await call('GET', path(id))).body).toMatchObject({ version: 1 });
  });

  test('a name that is taken is refused, at creation and later', async () => {
    const first = await make(noun);
    const second = await make(noun);
    const message =
      'Invalid request.  Request attempted to make second resource with the same field value that must be unique.';
    const again = { ...item(noun), name: first.name };
    expect(await call('POST', placeOf(noun), again)).toMatchObject({ status: 400, body: { message } });
    const renamed = { version: 1, name: first.name };
    expect(await call('PATCH', path(second.id), renamed)).toMatchObject({ status: 400, body: { message } });
  });

  test('an update to what is there changes neither version nor time', async () => {
    const description = 'what it is';
    const first = await make(noun, { description });
    const given = item(noun) as { attributes?: object };
    // Also what is secret, and what is shown in another form than it was given.
    const attributes = noun.noun === 'Account' ? undefined : given.attributes;
    const same = { version: 1, name: first.name, description, ...(attributes === undefined ? {} : { attributes }) };
    const answer = await call('PATCH', path(first.id), same);
    expect(answer).toMatchObject({ status: 200, body: { version: 1, updated_time: first.updated_time } });
    expect(await call('GET', path(first.id))).toMatchObject({ body: answer.body });
    const changed = await call('PATCH', path(first.id), { version: 1, ...noun.update, description: 'another' });
    expect(changed).toMatchObject({ status: 200, body: { version: 2 } });
    expect(changed.body.updated_time > first.updated_time).toBe(true);
    const again = await call('PATCH', path(first.id), { version: 2, ...noun.update, description: 'another' });
    expect(again).toMatchObject({ status: 200, body: { version: 2, updated_time: changed.body.updated_time } });
  });

  for (const list of noun.edits ?? []) describe(list.field, () => listTests(noun, list));
});

function listTests(noun: Noun, list: ListEdit): void {
  const path = (id: string) => `${textsOf(noun).collection}/${id}`;
  const { field } = list;
  const action = (verb: string) =>
    `${verb}-${list.what.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}`.replace(
      /-tags$/,
      '-worker-tags',
    );
  const pack = list.pack ?? ((values: string[]) => values);
  const edit = (verb: string, id: string, body: object) => call('POST', `${path(id)}:${action(verb)}`, body);

  test('version, empty lists, the same list', async () => {
    const first = await make(noun);
    const [value] = list.values(world, 0);
    for (const verb of ['add', 'set', 'remove']) {
      const unversioned = await edit(verb, first.id, { [field]: pack([value!]) });
      expect(unversioned).toMatchObject(refused(FIELDS, { version: 'Required field.' }));
    }
    for (const verb of ['add', 'remove']) {
      const none = await edit(verb, first.id, { version: 1, [field]: pack([]) });
      const others = 'Brokered or Injected Application Credential Source IDs must be provided.';
      const injected = 'injected_application_credential_source_ids';
      const fields = list.what === 'CredentialSources' ? { [field]: others, [injected]: others } : undefined;
      expect(none).toMatchObject(refused(FIELDS, fields ?? { [field]: 'Must be non-empty.' }));
    }
    const set = { version: 1, [field]: pack([value!]) };
    const once = await edit('set', first.id, set);
    expect(once).toMatchObject({ status: 200, body: { version: 2 } });
    const twice = await edit('set', first.id, { ...set, version: 2 });
    // Clients know a version for every edit of a worker's tags.
    const same = noun.noun === 'Worker' ? { version: 3 } : { version: 2, updated_time: once.body.updated_time };
    expect(twice).toMatchObject({ status: 200, body: same });
  });
}

/** Actions on lists that name what is not there: how the refusal ends its beginning. */
const UNKNOWN_IDS: Unknown[] = [
  { noun: 'Role', what: 'principals', field: 'principal_ids', id: 'u_AAAAAAAAAA', set: 'on role' },
  { noun: 'Group', what: 'members', field: 'member_ids', id: 'u_AAAAAAAAAA', set: 'in group' },
  { noun: 'User', what: 'accounts', field: 'account_ids', id: 'acctpw_AAAAAAAAAA', set: 'for the user' },
  { noun: 'HostSet', what: 'hosts', field: 'host_ids', id: 'hst_AAAAAAAAAA', set: 'in host set' },
  { noun: 'Target', what: 'host-sources', field: 'host_source_ids', id: 'hsst_AAAAAAAAAA', set: 'in target' },
  {
    ...{ noun: 'Target', what: 'credential-sources', field: 'brokered_credential_source_ids' },
    ...{ id: 'credp_AAAAAAAAAA', set: 'in target' },
  },
  // Removing what is not there is no mistake.
  {
    ...{ noun: 'Role', what: 'grant-scopes', field: 'grant_scope_ids', id: 'p_AAAAAAAAAA', set: 'on role' },
    ...{ scope_id: 'global', verbs: ['add', 'set'] },
  },
];
interface Unknown {
  noun: string;
  what: string;
  field: string;
  id: string;
  set: string;
  scope_id?: string;
  verbs?: string[];
}

test.each(UNKNOWN_IDS)('$noun: unknown ids of $what', async ({ noun, what, field, id: unknown, set, ...more }) => {
  const { verbs = ['add', 'set', 'remove'], ...place } = more;
  const { id } = await make(
    NOUNS.find((one) => one.noun === noun)!,
    place,
  );
  const owner = set.replace(/^(on|in|for the) /, '');
  for (const verb of verbs) {
    const body = { version: 1, [field]: [unknown] };
    const answer = await call('POST', `${TEXTS[noun]!.collection}/${id}:${verb}-${what}`, body);
    const end = verb === 'add' ? `to ${owner}` : verb === 'set' ? set : `from ${owner}`;
    const beginning = `Unable to ${verb} ${what.replace('-', ' ')} ${end}: `;
    expect(answer.body.message).toBe(`${beginning}${answer.body.message.slice(beginning.length)}`);
    expect(answer).toMatchObject({ status: 400, body: { details: { request_fields: [{ name: field }] } } });
  }
});

test('grant scopes that no role of the scope can have', async () => {
  const role = NOUNS.find(({ noun }) => noun === 'Role')!;
  const of = async (scope_id: string, value: string) =>
    call('POST', `roles/${(await make(role, { scope_id })).id}:set-grant-scopes`, {
      version: 1,
      grant_scope_ids: [value],
    });
  const own = 'Project scopes can only have their own scope ID or "this" as a grant scope ID.';
  expect(await of(DEV.project, 'children')).toMatchObject(refused('Invalid grant scope.', { grant_scope_ids: own }));
  const wrong = 'Grant scope ID "descendants" is not valid to set on an organization role.';
  expect(await of(DEV.org, 'descendants')).toMatchObject(refused('Invalid grant scope.', { grant_scope_ids: wrong }));
});

test('a credential purpose that tcp targets do not know', async () => {
  const { id } = await make(NOUNS.find(({ noun }) => noun === 'Target')!);
  for (const [verb, words] of [
    ['add', 'add credential sources to target'],
    ['set', 'set credential sources in target'],
  ]) {
    const body = { version: 1, injected_application_credential_source_ids: ['credup_AAAAAAAAAA'] };
    const answer = await call('POST', `targets/${id}:${verb}-credential-sources`, body);
    const text = 'tcp.VetCredentialSources: tcp.Target only supports credential purpose: "brokered".';
    expect(answer).toMatchObject({ status: 400, body: { message: `Unable to ${words}: ${text}` } });
  }
});

test('ids of types that are not served are ill-formed', async () => {
  for (const id of ['tssh_1234567890', 'trdp_1234567890']) {
    expect(await call('GET', `targets/${id}`)).toMatchObject(refused(REQUEST, { id: 'Invalid formatted identifier.' }));
    expect(await call('POST', `targets/${id}:add-host-sources`, { version: 1, host_source_ids: ['hsst_1'] })).toEqual(
      expect.objectContaining({ status: 400 }),
    );
    const alias = { scope_id: 'global', type: 'target', value: 'x.example', destination_id: id };
    expect(await call('POST', 'aliases', alias)).toMatchObject(
      refused(REQUEST, { destination_id: 'Incorrectly formatted identifier.' }),
    );
  }
  expect(await call('DELETE', 'hosts/hplg_1234567890')).toMatchObject(
    refused(REQUEST, { id: 'Cannot manually delete this type of host.' }),
  );
  const host = { host_catalog_id: 'hcplg_1234567890', attributes: { address: '127.0.0.1' } };
  expect(await call('POST', 'hosts', host)).toMatchObject(
    refused(REQUEST, { host_catalog_id: 'Cannot manually create hosts for this type of catalog.' }),
  );
  expect(await call('GET', `managed-groups?auth_method_id=${DEV.authMethod}`)).toMatchObject(
    refused(REQUEST, { auth_method_id: 'Invalid formatted identifier.' }),
  );
});

test('a target is found by a name with slashes, escaped or not', async () => {
  const name = 'a/b\\c';
  await make(
    NOUNS.find(({ noun }) => noun === 'Target')!,
    { name },
  );
  for (const path of ['a/b%5Cc', 'a%2Fb%5Cc']) {
    const answer = await call('POST', `targets/${path}:authorize-session`, { name, scope_id: DEV.project });
    // It was found; what is missing is an address.
    expect(answer).toMatchObject(notFound('No host sources or address found for given target.'));
  }
  const other = await call('POST', 'targets/a/c:authorize-session', { name: 'a/c', scope_id: DEV.project });
  expect(other).toMatchObject(notFound('Resource not found.'));
});

test('a path below a collection that leads nowhere is a 404 with a body', async () => {
  expect(await call('GET', 'groups/g_1/members')).toMatchObject(notFound('Not Found'));
});

test('an account with an empty password is refused', async () => {
  const account = { auth_method_id: DEV.authMethod, attributes: { login_name: 'nobody', password: '' } };
  const { status, body } = await call('POST', 'accounts', account);
  expect([status, body.details.request_fields[0].name]).toEqual([400, 'attributes.password']);
});
