import { IDS, startIam, type Iam } from './iam-controller';

let iam: Iam;
let admin: string;
let names = 0;

beforeAll(async () => {
  iam = await startIam();
  admin = await iam.login('admin');
});
afterAll(() => iam.close());

const call = async (method: string, request: object, token = admin): Promise<any> =>
  (await iam.call(method, request, token)).item;
const refuse = (method: string, request: object, token = admin) => iam.refusal(method, request, token);
const name = (): string => `n-${names++}`;
const fieldError = (message: string, field: string, description: unknown) => ({
  kind: 'InvalidArgument',
  status: 400,
  message,
  details: { request_fields: [{ name: field, description }] },
});
const FORBIDDEN = { kind: 'PermissionDenied', message: 'Forbidden.', status: 403 };
const newAccount = (more: object = {}, auth_method_id = IDS.method) =>
  call('AccountService/CreateAccount', {
    item: { auth_method_id, attributes: { login_name: name(), password: 'passpass', ...more } },
  });
const newUser = (scope_id = 'global') => call('UserService/CreateUser', { item: { scope_id, name: name() } });
const newRole = (scope_id = IDS.org) => call('RoleService/CreateRole', { item: { scope_id, name: name() } });

describe('auth methods', () => {
  test('are created, read, listed, changed and deleted', async () => {
    const made = await call('AuthMethodService/CreateAuthMethod', {
      item: { scope_id: IDS.org, type: 'password', name: '  am  ', attributes: { min_password_length: 9 } },
    });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^ampw_[0-9A-Za-z]{10}$/),
      scope_id: IDS.org,
      name: 'am',
      version: 1,
      type: 'password',
      attributes: { min_login_name_length: 3, min_password_length: 9 },
      authorized_actions: ['no-op', 'read', 'update', 'delete', 'authenticate'],
      authorized_collection_actions: { accounts: ['create', 'list'], 'managed-groups': ['create', 'list'] },
    });
    expect(made.is_primary).toBeUndefined();
    const { id } = made;
    const update = (item: object, update_mask: string[]) =>
      call('AuthMethodService/UpdateAuthMethod', { id, item, update_mask });
    const changed = await update({ version: 1, attributes: { min_login_name_length: 5 } }, [
      'attributes.min_login_name_length',
      'attributes.min_password_length',
    ]);
    expect(changed).toMatchObject({
      version: 2,
      name: 'am',
      attributes: { min_login_name_length: 5, min_password_length: 8 },
    });
    expect((await update({ version: 2 }, ['name'])).name).toBeUndefined();
    expect(
      await refuse('AuthMethodService/UpdateAuthMethod', {
        id,
        item: { version: 1, name: 'x' },
        update_mask: ['name'],
      }),
    ).toMatchObject({ status: 404 });
    const { items } = await iam.call('AuthMethodService/ListAuthMethods', { scope_id: IDS.org }, admin);
    expect(items.map((m: any) => m.id)).toEqual([id]);
    expect(items[0].authorized_collection_actions).toEqual(made.authorized_collection_actions);
    await iam.call('AuthMethodService/DeleteAuthMethod', { id }, admin);
    expect(await refuse('AuthMethodService/GetAuthMethod', { id })).toMatchObject({ status: 404 });
  });

  test('the primary one says so, and anonymous callers see it with the fields meant for them', async () => {
    expect(await call('AuthMethodService/GetAuthMethod', { id: IDS.method })).toMatchObject({ is_primary: true });
    const { items } = await iam.call('AuthMethodService/ListAuthMethods', { scope_id: 'global' });
    expect(Object.keys(items[0]).sort()).toEqual([
      'authorized_actions',
      'description',
      'id',
      'is_primary',
      'name',
      'scope',
      'scope_id',
      'type',
    ]);
    expect(items[0].authorized_actions).toEqual(['authenticate']);
  });

  test.each([
    [{ scope_id: IDS.project, type: 'password' }, 'scope_id', "This field must be 'global' or a valid org scope id."],
    [{ scope_id: IDS.org }, 'type', 'This is a required field and must be "password".'],
    [{ scope_id: IDS.org, type: 'password', is_primary: true }, 'is_primary', 'This field is read only.'],
    [
      { scope_id: IDS.org, type: 'password', attributes: { nope: 1 } },
      'attributes',
      'Attribute fields do not match the expected format.',
    ],
    [
      { scope_id: IDS.org, type: 'password', attributes: { min_password_length: -1 } },
      'attributes',
      'Attribute fields do not match the expected format.',
    ],
    [
      { scope_id: IDS.org, type: 'password', attributes: { min_password_length: 3e9 } },
      'attributes',
      'Attribute fields do not match the expected format.',
    ],
  ])('%j is refused', async (item, field, description) => {
    expect(await refuse('AuthMethodService/CreateAuthMethod', { item })).toEqual(
      fieldError('Error in provided request.', field, description),
    );
  });

  test('the type cannot be changed', async () => {
    const request = { id: IDS.method, item: { version: 1, type: 'ldap' }, update_mask: ['type'] };
    expect(await refuse('AuthMethodService/UpdateAuthMethod', request)).toEqual(
      fieldError('Error in provided request.', 'type', 'Cannot modify the resource type.'),
    );
  });
});

describe('accounts', () => {
  test('are created, listed, changed and deleted, never showing the password', async () => {
    const made = await newAccount({ login_name: 'alice' });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^acctpw_/),
      version: 1,
      type: 'password',
      auth_method_id: IDS.method,
      attributes: { login_name: 'alice' },
      authorized_actions: ['no-op', 'read', 'update', 'delete', 'set-password', 'change-password'],
    });
    expect(JSON.stringify(made)).not.toContain('passpass');
    const request = {
      id: made.id,
      item: { version: 1, name: 'n', attributes: { login_name: 'alice2' } },
      update_mask: ['name', 'attributes.login_name'],
    };
    expect(await call('AccountService/UpdateAccount', request)).toMatchObject({
      version: 2,
      name: 'n',
      attributes: { login_name: 'alice2' },
    });
    expect(await refuse('AccountService/UpdateAccount', request)).toMatchObject({
      status: 404,
      message: `Account \\"${made.id}\\" doesn't exist or incorrect version provided.`,
    });
    const { items } = await iam.call(
      'AccountService/ListAccounts',
      { auth_method_id: IDS.method, filter: '"/item/attributes/login_name" == "alice2"' },
      admin,
    );
    expect(items.map((a: any) => a.id)).toEqual([made.id]);
    await iam.call('AccountService/DeleteAccount', { id: made.id }, admin);
    expect(await refuse('AccountService/GetAccount', { id: made.id })).toMatchObject({ status: 404 });
  });

  test.each([
    [
      'no auth method',
      { auth_method_id: '', attributes: { login_name: 'erin' } },
      'auth_method_id',
      'Unknown auth method type from ID.',
    ],
    [
      'other type',
      { type: 'oidc', attributes: { login_name: 'erin' } },
      'type',
      "Doesn't match the parent resource's type.",
    ],
    ['no attributes', {}, 'login_name', 'This is a required field for this type.'],
    [
      'unknown attribute',
      { attributes: { login_name: 'erin', nope: 1 } },
      'attributes',
      'Attribute fields do not match the expected format.',
    ],
    [
      'short login name',
      { attributes: { login_name: 'al' } },
      'attributes.login_name',
      expect.stringContaining('at least 3'),
    ],
    [
      'capitals',
      { attributes: { login_name: 'Erin' } },
      'attributes.login_name',
      expect.stringContaining('lower case'),
    ],
    [
      'short password',
      { attributes: { login_name: 'erin', password: 'short' } },
      'attributes.password',
      'Password is too short.',
    ],
    [
      'long password',
      { attributes: { login_name: 'erin', password: 'x'.repeat(1025) } },
      'attributes.password',
      'Password is too long.',
    ],
  ])('%s is refused', async (_what, item, field, description) => {
    const refusal = await refuse('AccountService/CreateAccount', { item: { auth_method_id: IDS.method, ...item } });
    expect(refusal).toEqual(fieldError('Error in provided request.', field, description));
  });

  test('login names are unique in their auth method', async () => {
    const { attributes } = await newAccount();
    const refusal = await refuse('AccountService/CreateAccount', { item: { auth_method_id: IDS.method, attributes } });
    expect(refusal).toMatchObject({ status: 400, message: expect.stringContaining('must be unique') });
  });

  test('the password is set and removed by those who may', async () => {
    const { id, attributes } = await newAccount();
    const set = (version: number, password: string) => call('AccountService/SetPassword', { id, version, password });
    expect(await set(1, 'another-one')).toMatchObject({ id, version: 2 });
    await iam.login(attributes.login_name, 'another-one');
    expect(await set(2, '')).toMatchObject({ version: 3 });
    const login = {
      auth_method_id: IDS.method,
      attributes: { login_name: attributes.login_name, password: 'another-one' },
    };
    expect(await refuse('AuthMethodService/Authenticate', login)).toMatchObject({ status: 401 });
    expect(await refuse('AccountService/SetPassword', { id, version: 3, password: 'x' })).toEqual(
      fieldError('Error in provided request.', 'password', 'Password is too short.'),
    );
    expect(await refuse('AccountService/SetPassword', { id, version: 1, password: 'another-one' })).toMatchObject({
      status: 404,
    });
    expect(await refuse('AccountService/SetPassword', { id, password: 'another-one' })).toEqual(
      fieldError('Error in provided request.', 'version', 'Existing resource version is required for an update.'),
    );
    const user = await iam.login('user');
    expect(await refuse('AccountService/SetPassword', { id, version: 3, password: 'another-one' }, user)).toEqual(
      FORBIDDEN,
    );
  });

  test('the own password is changed with the current one', async () => {
    const { id, attributes } = await newAccount();
    const own = await iam.login(attributes.login_name, 'passpass');
    const change = (current_password: string, new_password: string) => ({
      id,
      version: 1,
      current_password,
      new_password,
    });
    const method = 'AccountService/ChangePassword';
    const bad = (field: string, description: string) => fieldError('Error in provided request.', field, description);
    expect(await refuse(method, change('', 'passpass2'), own)).toEqual(
      bad('current_password', 'This is a required field.'),
    );
    expect(await refuse(method, change('passpass', ''), own)).toEqual(bad('new_password', 'This is a required field.'));
    expect(await refuse(method, change('passpass', 'short'), own)).toEqual(
      bad('new_password', 'Password is too short.'),
    );
    expect(await refuse(method, change('passpass', 'passpass'), own)).toEqual(
      bad('new_password', 'New password equal to current password.'),
    );
    expect(await refuse(method, change('nopenope', 'passpass2'), own)).toEqual({
      kind: 'PermissionDenied',
      message: 'Failed to change password.',
      status: 403,
    });
    expect(await call(method, change('passpass', 'passpass2'), own)).toMatchObject({
      id,
      version: 2,
      authorized_actions: ['read', 'change-password'],
    });
    await iam.login(attributes.login_name, 'passpass2');
    expect(await call('AccountService/GetAccount', { id }, own)).toMatchObject({ id });
    expect(await refuse(method, { ...change('a', 'b'), id: 'acctoidc_1234567890' }, own)).toEqual(
      bad('id', 'Improperly formatted identifier.'),
    );
  });
});

describe('users', () => {
  test.each(['u_anon', 'u_auth', 'u_recovery'])('%s gets no account, whose login would have its rights', async (id) => {
    const account = await newAccount();
    for (const verb of ['Add', 'Set']) {
      const request = { id, version: 1, account_ids: [account.id] };
      expect(await refuse(`UserService/${verb}UserAccounts`, request)).toEqual(
        fieldError('Errors in provided fields.', 'account_ids', 'Built-in users have no accounts.'),
      );
    }
    expect(await call('UserService/SetUserAccounts', { id, version: 1, account_ids: [] })).toMatchObject({
      version: 1,
    });
  });

  test('accounts are added, replaced and removed', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const [a, b] = [await newAccount(), await newAccount()];
    const edit = (verb: string, id: string, version: number, account_ids: string[]) =>
      [`UserService/${verb}UserAccounts`, { id, version, account_ids }] as const;
    expect(await call(...edit('Add', user.id, 1, [a.id]))).toMatchObject({
      version: 2,
      account_ids: [a.id],
      accounts: [{ id: a.id, scope_id: 'global' }],
      primary_account_id: a.id,
      login_name: a.attributes.login_name,
    });
    expect(await refuse(...edit('Add', user.id, 2, [b.id]))).toMatchObject({
      status: 400,
      message: expect.stringContaining('at most one account'),
    });
    expect(await refuse(...edit('Add', other.id, 1, [a.id]))).toMatchObject({ status: 400 });
    expect(await refuse(...edit('Add', other.id, 1, ['acctpw_AAAAAAAAAA']))).toMatchObject({ status: 400 });
    expect(await refuse(...edit('Add', other.id, 7, [b.id]))).toMatchObject({ status: 404 });
    expect(await refuse(...edit('Add', other.id, 1, []))).toEqual(
      fieldError('Errors in provided fields.', 'account_ids', 'Must be non-empty.'),
    );
    expect(await refuse(...edit('Add', other.id, 0, [b.id]))).toEqual(
      fieldError('Errors in provided fields.', 'version', 'Required field.'),
    );
    expect(await refuse(...edit('Add', other.id, 1, ['u_1234567890']))).toEqual(
      fieldError('Errors in provided fields.', 'account_ids', 'Values must be valid account ids.'),
    );
    expect(await call(...edit('Set', user.id, 2, [a.id]))).toMatchObject({ version: 2 });
    expect(await call(...edit('Set', user.id, 2, [b.id]))).toMatchObject({ version: 3, account_ids: [b.id] });
    expect(await refuse(...edit('Remove', user.id, 3, [a.id]))).toMatchObject({ status: 400 });
    expect((await call(...edit('Remove', user.id, 3, [b.id]))).account_ids).toBeUndefined();
    expect(await call('UserService/GetUser', { id: other.id })).toMatchObject({ version: 1 });
    const inOrg = await newUser(IDS.org);
    expect(await refuse(...edit('Add', inOrg.id, 1, [a.id]))).toMatchObject({
      status: 400,
      message: expect.stringContaining('scope of the user'),
    });
  });

  test('the built-in ones stay', async () => {
    for (const id of ['u_anon', 'u_auth', 'u_recovery']) {
      expect(await refuse('UserService/DeleteUser', { id })).toMatchObject({ status: 400, kind: 'FailedPrecondition' });
    }
  });

  test('deleting one keeps its account and ends its tokens', async () => {
    const [user, account] = [await newUser(), await newAccount()];
    await call('UserService/AddUserAccounts', { id: user.id, version: 1, account_ids: [account.id] });
    const token = await iam.login(account.attributes.login_name, 'passpass');
    await iam.call('UserService/DeleteUser', { id: user.id }, admin);
    expect(await call('AccountService/GetAccount', { id: account.id })).toMatchObject({ version: 1 });
    expect(await iam.refusal('AccountService/GetAccount', { id: account.id }, token)).toMatchObject({ status: 401 });
  });

  test('lists have names of the primary account but no accounts; filters and pages work', async () => {
    const list = (request: object) => iam.call('UserService/ListUsers', { scope_id: 'global', ...request }, admin);
    const found = await list({ filter: '"/item/login_name" == "admin"' });
    expect(found.items).toMatchObject([{ id: IDS.admin, primary_account_id: IDS.adminAccount }]);
    expect(found.items[0].account_ids).toBeUndefined();
    const all = (await list({})).items.map((u: any) => u.id);
    const paged: string[] = [];
    let list_token = '';
    for (let page = 0; page < 50; page++) {
      const answer = await list({ page_size: 2, list_token });
      paged.push(...answer.items.map((u: any) => u.id));
      list_token = answer.list_token;
      if (answer.response_type === 'complete') break;
    }
    expect(paged).toEqual(all);
    expect(await refuse('UserService/ListUsers', { scope_id: IDS.project })).toEqual(
      fieldError(
        'Improperly formatted identifier.',
        'scope_id',
        "Must be 'global' or a valid org scope id when listing.",
      ),
    );
  });
});

describe('roles', () => {
  const edit = (verb: string, role: { id: string }, version: number, more: object) =>
    [`RoleService/${verb}`, { id: role.id, version, ...more }] as const;

  test('start with the grant scope "this" and nothing else', async () => {
    const role = await call('RoleService/CreateRole', {
      item: { scope_id: IDS.org, grant_strings: ['ids=*;type=*;actions=*'], principal_ids: ['u_anon'] },
    });
    expect(role).toMatchObject({ version: 1, grant_scope_ids: ['this'] });
    expect(role.grants ?? role.principals ?? role.grant_strings).toBeUndefined();
    expect(await refuse('RoleService/CreateRole', { item: { scope_id: IDS.org, grants: [{ raw: 'x' }] } })).toEqual(
      fieldError('Error in provided request.', 'grant_strings', 'This is a read only field.'),
    );
  });

  test('grants keep their text and are in the order of their canonical form; equal ones are one', async () => {
    const role = await newRole();
    const grant_strings = [
      'ids=*;type=target;actions=read,list',
      'ids=ttcp_1234567890;actions=read',
      'type=group;actions=list',
    ];
    const added = [...grant_strings].reverse();
    expect(await call(...edit('AddRoleGrants', role, 1, { grant_strings: added }))).toMatchObject({
      version: 2,
      grant_strings,
      grants: [
        {
          raw: grant_strings[0],
          canonical: 'ids=*;type=target;actions=list,read',
          json: { ids: ['*'], type: 'target', actions: ['list', 'read'] },
        },
        {
          raw: grant_strings[1],
          canonical: grant_strings[1],
          json: { ids: ['ttcp_1234567890'], type: 'unknown', actions: ['read'] },
        },
        { raw: grant_strings[2], canonical: 'type=group;actions=list', json: { type: 'group', actions: ['list'] } },
      ],
    });
    expect(
      await refuse(...edit('AddRoleGrants', role, 2, { grant_strings: ['ids=*;type=target;actions=list,read'] })),
    ).toMatchObject({ status: 400 });
    expect(
      await call(...edit('SetRoleGrants', role, 2, { grant_strings: [...grant_strings].reverse() })),
    ).toMatchObject({ version: 2, grant_strings });
    expect(
      await call(
        ...edit('RemoveRoleGrants', role, 2, {
          grant_strings: ['ids=*;type=target;actions=list,read', 'type=role;actions=list'],
        }),
      ),
    ).toMatchObject({ version: 3 });
    expect(
      await call(...edit('RemoveRoleGrants', role, 3, { grant_strings: ['type=role;actions=list'] })),
    ).toMatchObject({ version: 4 });
    expect((await call(...edit('SetRoleGrants', role, 4, { grant_strings: [] }))).grants).toBeUndefined();
  });

  test.each([
    ['Add', [], 'Must be non-empty.'],
    ['Add', [''], 'Grant strings must not be empty.'],
    ['Add', ['ids=*'], 'Improperly formatted grant "ids=*": missing actions.'],
    [
      'Add',
      ['ids=*;type=target;actions=read;output_feilds=id'],
      'Improperly formatted grant "ids=*;type=target;actions=read;output_feilds=id": unknown segment "output_feilds"; did you mean "output_fields".',
    ],
    ['Remove', ['{bad'], 'Improperly formatted grant "{bad".'],
    ['Set', ['{"ids":["*"]}'], 'Improperly formatted grant "{\\"ids\\":[\\"*\\"]}": missing actions.'],
    [
      'Set',
      ['ids=*;type=target;actions=add-host-sets'],
      'Action "add-host-sets" has been deprecated and is not allowed to be set in grants. Use "add-host-sources" instead.',
    ],
    [
      'Add',
      ['id=ttcp_1;actions=read'],
      'Grant "id=ttcp_1;actions=read" uses the "id" field which is no longer supported. Please use "ids" instead.',
    ],
  ])('%s grants %j is refused', async (verb, grant_strings, description) => {
    const role = await newRole();
    expect(await refuse(...edit(`${verb}RoleGrants`, role, 1, { grant_strings }))).toEqual(
      fieldError('Errors in provided fields.', 'grant_strings', description),
    );
  });

  test('principals are users and groups that exist', async () => {
    const [role, user] = [await newRole(), await newUser()];
    const group = await call('GroupService/CreateGroup', { item: { scope_id: IDS.project } });
    // In the order of adding, not that of the ids.
    const both = [user.id, group.id];
    expect(await call(...edit('AddRolePrincipals', role, 1, { principal_ids: [...both, user.id] }))).toMatchObject({
      version: 2,
      principal_ids: both,
      principals: expect.arrayContaining([
        { id: user.id, type: 'user', scope_id: 'global' },
        { id: group.id, type: 'group', scope_id: IDS.project },
      ]),
    });
    expect(await refuse(...edit('AddRolePrincipals', role, 2, { principal_ids: [user.id] }))).toMatchObject({
      status: 400,
    });
    expect(await refuse(...edit('AddRolePrincipals', role, 2, { principal_ids: ['u_AAAAAAAAAA'] }))).toMatchObject({
      status: 400,
    });
    expect(await refuse(...edit('AddRolePrincipals', role, 2, { principal_ids: ['u_recovery'] }))).toEqual(
      fieldError('Errors in provided fields.', 'principal_ids', 'u_recovery cannot be assigned to a role'),
    );
    expect(await refuse(...edit('AddRolePrincipals', role, 2, { principal_ids: ['r_1'] }))).toEqual(
      fieldError(
        'Errors in provided fields.',
        'principal_ids',
        'Must only have valid user, group, and/or managed group ids.',
      ),
    );
    expect(await call(...edit('SetRolePrincipals', role, 2, { principal_ids: [user.id] }))).toMatchObject({
      version: 3,
      principal_ids: [user.id],
    });
    expect(await refuse(...edit('RemoveRolePrincipals', role, 3, { principal_ids: [group.id] }))).toMatchObject({
      status: 400,
    });
    expect(
      (await call(...edit('RemoveRolePrincipals', role, 3, { principal_ids: [user.id] }))).principals,
    ).toBeUndefined();
    expect(await refuse(...edit('RemoveRolePrincipals', role, 1, { principal_ids: [user.id] }))).toMatchObject({
      status: 404,
    });
  });

  test('grant scopes follow the level of the role', async () => {
    const set = async (scope: string, grant_scope_ids: string[]) => {
      const role = await newRole(scope);
      return iam.call(...edit('SetRoleGrantScopes', role, 1, { grant_scope_ids }), admin).then(
        ({ item }) => item.grant_scope_ids ?? [],
        (error) => error.fields[0]?.description ?? error.message,
      );
    };
    expect(await set('global', ['this', 'descendants'])).toEqual(['descendants', 'this']);
    expect(await set('global', ['global', 'children', 'descendants'])).toEqual(['children', 'this']);
    expect(await set('global', ['children', IDS.project])).toEqual(['children', IDS.project]);
    expect(await set('global', ['children', IDS.org])).toMatch(/exclude each other/);
    expect(await set('global', ['descendants', IDS.project])).toMatch(/exclude each other/);
    expect(await set('global', ['o_AAAAAAAAAA'])).toMatch(/does not exist/);
    expect(await set(IDS.org, [IDS.org, IDS.project])).toEqual([IDS.project, 'this']);
    expect(await set(IDS.org, ['children', IDS.project])).toMatch(/exclude each other/);
    expect(await set(IDS.org, ['descendants'])).toBe(
      'Grant scope ID "descendants" is not valid to set on an organization role.',
    );
    expect(await set(IDS.org, ['p_AAAAAAAAAA'])).toBe(
      'Grant scope ID "p_AAAAAAAAAA" is not valid to set on an organization role.',
    );
    expect(await set(IDS.project, [IDS.project])).toEqual(['this']);
    expect(await set(IDS.project, ['children'])).toBe(
      'Project scopes can only have their own scope ID or "this" as a grant scope ID.',
    );
    expect(await set('global', [])).toEqual([]);
    expect(await set('global', ['x'])).toBe('Unknown value "x".');
    expect(await set('global', ['o_-'])).toBe('Incorrectly formatted identifier "o_-".');
    const fresh = await newRole('global');
    expect(
      await refuse(...edit('AddRoleGrantScopes', fresh, 1, { grant_scope_ids: ['children', 'descendants'] })),
    ).toMatchObject({ status: 400 });
    const role = await newRole('global');
    await call(...edit('AddRoleGrantScopes', role, 1, { grant_scope_ids: ['this', 'children'] }));
    expect(await refuse(...edit('AddRoleGrantScopes', role, 2, { grant_scope_ids: ['descendants'] }))).toMatchObject({
      status: 400,
    });
    expect(await call(...edit('RemoveRoleGrantScopes', role, 2, { grant_scope_ids: ['descendants'] }))).toMatchObject({
      version: 2,
    });
    // The role's own scope goes by `this` only.
    expect(await call(...edit('RemoveRoleGrantScopes', role, 2, { grant_scope_ids: ['global'] }))).toMatchObject({
      version: 2,
      grant_scope_ids: ['children', 'this'],
    });
    expect(
      await call(...edit('RemoveRoleGrantScopes', role, 2, { grant_scope_ids: ['this', 'children'] })),
    ).toMatchObject({ version: 3 });
  });

  test('grants take effect and end at once, through users, groups and templates', async () => {
    const [role, user, account] = [await newRole(), await newUser(), await newAccount()];
    await call('UserService/AddUserAccounts', { id: user.id, version: 1, account_ids: [account.id] });
    const bob = await iam.login(account.attributes.login_name, 'passpass');
    const group = await call('GroupService/CreateGroup', { item: { scope_id: IDS.org, name: name() } });
    const read = () => iam.call('GroupService/GetGroup', { id: group.id }, bob);
    expect(await refuse('GroupService/GetGroup', { id: group.id }, bob)).toEqual(FORBIDDEN);
    await call(
      ...edit('SetRoleGrants', role, 1, {
        grant_strings: ['ids=*;type=group;actions=read;output_fields=id,authorized_actions'],
      }),
    );
    await call(...edit('SetRolePrincipals', role, 2, { principal_ids: [user.id] }));
    expect((await read()).item).toEqual({ id: group.id, authorized_actions: ['read'] });
    await call(...edit('SetRolePrincipals', role, 3, { principal_ids: [group.id] }));
    expect(await refuse('GroupService/GetGroup', { id: group.id }, bob)).toEqual(FORBIDDEN);
    await call('GroupService/AddGroupMembers', { id: group.id, version: 1, member_ids: [user.id] });
    await read();
    await call(
      ...edit('SetRoleGrants', role, 4, {
        grant_strings: ['type=group;actions=list', `ids=${group.id};actions=no-op`],
      }),
    );
    expect(await refuse('GroupService/GetGroup', { id: group.id }, bob)).toEqual(FORBIDDEN);
    const listed = await iam.call('GroupService/ListGroups', { scope_id: IDS.org }, bob);
    expect(listed.items).toMatchObject([{ id: group.id, authorized_actions: ['no-op'] }]);
    expect((await call('AccountService/GetAccount', { id: account.id }, bob)).authorized_actions).toEqual([
      'read',
      'change-password',
    ]);
    await iam.call('RoleService/DeleteRole', { id: role.id }, admin);
    expect(await refuse('GroupService/ListGroups', { scope_id: IDS.org }, bob)).toEqual(FORBIDDEN);
  });

  test('of concurrent edits with one version, one wins', async () => {
    const role = await newRole();
    const results = await Promise.allSettled(
      ['read', 'update', 'delete', 'no-op'].map((action) =>
        iam.call(...edit('AddRoleGrants', role, 1, { grant_strings: [`ids=*;type=group;actions=${action}`] }), admin),
      ),
    );
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    expect((await call('RoleService/GetRole', { id: role.id })).grants).toHaveLength(1);
  });
});
