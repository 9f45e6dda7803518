/** Handlers of AccountService: decode, look up, authorize, one store call, encode. */
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';
import {
  Account,
  AccountServiceDefinition,
  type ChangePasswordRequest,
  type CreateAccountRequest,
  type DeleteAccountRequest,
  type GetAccountRequest,
  type ListAccountsRequest,
  type SetPasswordRequest,
  type UpdateAccountRequest,
} from '../../../proto/gen/api/accounts';
import { isMethodType, typeOfMethodId, type AuthMethodRow } from '../auth-methods/auth-methods';
import { findAuthMethod } from '../auth-methods/auth-methods.store';
import { MAX_PASSWORD_BYTES } from '../auth-methods/password-hash';
import type { PasswordQueue } from '../auth-methods/passwords';
import type { Allowed, Collection } from '../authz/authz';
import { toMake } from '../authz/proof';
import { existing, knowsPassword } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Tx } from '../db/db';
import {
  checkCreate,
  checkShortText,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  MESSAGE,
  maskedColumns,
  storedText,
} from '../resources/fields';
import { listBelow } from '../resources/child-lists';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { service, type Op } from '../rpc/service';
import { readAccountChange, readNewAccount } from './account-attributes';
import {
  ACCOUNT_PREFIXES,
  accountActions,
  accountItem,
  idOfAccount,
  accountResource,
  loginNameProblem,
  PASSWORD_ACCOUNT_PREFIXES,
  typeOfAccountId,
  type AccountRow,
} from './accounts';
import * as store from './accounts.store';

const MUTABLE: Record<string, string> = {
  name: 'name',
  description: 'description',
  'attributes.login_name': 'login_name',
};

const definition: ItemDefinition<'account', AccountRow, ReturnType<typeof accountItem>> = {
  type: 'account',
  find: store.findAccount,
  select: store.selectAccounts,
  from: sql`from accounts r`,
  resource: accountResource,
  isGuessable: (id) => typeOfAccountId(id) !== 'password',
  actions: accountActions,
  filterMessage: MESSAGE.request,
  item: accountItem,
  toJSON: (item) => Account.toJSON(Account.fromPartial(item)),
};

class AccountRpc {
  private readonly access: ItemAccess<'account', AccountRow, ReturnType<typeof accountItem>>;

  constructor(
    private readonly deps: ControllerDeps,
    private readonly passwords: PasswordQueue,
  ) {
    this.access = itemAccess(deps, definition);
  }

  /** The auth method and the proof for an action on its accounts. */
  private async allowIn<A extends 'create' | 'list'>(op: Op, action: A, authMethodId: string) {
    const method = existing(await findAuthMethod(this.deps.db.executor, authMethodId));
    const { scope_id: scopeId, scope } = method;
    const collection: Collection<'account'> = {
      type: 'account',
      scopeId,
      parentScopeId: scope.parent_scope_id,
      pin: method.id,
    };
    return { method, allowed: await this.deps.authz.check(op, action, collection) };
  }

  /** `also` belongs to the same transaction. */
  private async storePassword(
    op: Op,
    allowed: Allowed<'account', 'set-password' | 'change-password'>,
    { version, password }: { version: number; password: string },
    also: (tx: Tx) => Promise<unknown> = () => Promise.resolve(),
  ) {
    const password_hash = password === '' ? null : await this.passwords.hash(password, op.clientAddress, op.signal);
    const now = this.deps.clock.now();
    const change = { version, columns: {}, password: { password_hash }, now };
    const done = await transaction(this.deps.db, now, async (tx) => {
      if (!(await store.updateAccount(tx, allowed, change))) return false;
      await also(tx);
      return true;
    });
    if (!done) {
      throw staleVersion('Account', allowed.id);
    }
    return this.access.answer(op, allowed);
  }

  async getAccount(op: Op, { id }: GetAccountRequest) {
    checkGetId(id, ...ACCOUNT_PREFIXES);
    const { row, allowed } = await this.access.allow(op, 'read', id);
    return this.access.shown(op, allowed, row);
  }

  async listAccounts(op: Op, request: ListAccountsRequest) {
    new FieldErrors()
      .require(typeOfMethodId(request.auth_method_id) !== undefined, 'auth_method_id', 'Invalid formatted identifier.')
      .throwIfAny();
    const { allowed } = await this.allowIn(op, 'list', request.auth_method_id);
    return listBelow(this.deps, op, definition, { allowed, column: 'auth_method_id' }, request);
  }

  async createAccount(op: Op, request: CreateAccountRequest) {
    const { item, read } = checkedCreate(request);
    const { method, allowed: may } = await this.allowIn(op, 'create', item.auth_method_id);
    const { type } = method;
    if (type === 'password') checkLoginName(read.login_name, method.min_login_name_length);
    if (read.password !== undefined) checkPassword('attributes.password', read.password, method);
    const issuer = read.issuer ?? method.oidc?.issuer ?? '';
    new FieldErrors()
      .require(type !== 'oidc' || issuer !== '', 'attributes.issuer', 'The auth method has no issuer yet: name one.')
      .throwIfAny();
    const password_hash =
      read.password === undefined ? null : await this.passwords.hash(read.password, op.clientAddress, op.signal);
    const now = this.deps.clock.now();
    const allowed = toMake(may, idOfAccount(type, method.id, { ...read, issuer }));
    const [name, description] = [storedText(item.name), storedText(item.description)];
    const account = {
      type,
      name,
      description,
      now,
      login_name: read.login_name,
      password_hash,
      subject: read.subject,
      issuer,
    };
    await transaction(this.deps.db, now, (tx) => store.insertAccount(tx, allowed, account));
    return this.access.answer(op, allowed);
  }

  async updateAccount(op: Op, request: UpdateAccountRequest) {
    const loginName = checkedUpdate(request);
    const { allowed } = await this.access.allow(op, 'update', request.id);
    const values = (path: string): unknown =>
      path === 'attributes.login_name' ? loginName : storedText(request.item![path as 'name' | 'description']);
    const { login_name, ...columns } = maskedColumns(request.update_mask!, MUTABLE, values);
    const password = login_name === undefined ? {} : { login_name };
    if (login_name !== undefined) {
      const limits = await store.findPassword(this.deps.db.executor, allowed);
      checkLoginName(typeof login_name === 'string' ? login_name : '', limits?.min_login_name_length ?? 1);
    }
    const now = this.deps.clock.now();
    const change = { version: request.item!.version, columns, password, now };
    if (!(await transaction(this.deps.db, now, (tx) => store.updateAccount(tx, allowed, change)))) {
      throw staleVersion('Account', request.id);
    }
    return this.access.answer(op, allowed);
  }

  async deleteAccount(op: Op, { id }: DeleteAccountRequest) {
    checkDeleteId(id, ...ACCOUNT_PREFIXES);
    const { allowed } = await this.access.allow(op, 'delete', id);
    await transaction(this.deps.db, this.deps.clock.now(), (tx) => store.deleteAccount(tx, allowed));
    return {};
  }

  async setPassword(op: Op, request: SetPasswordRequest) {
    checkPasswordAction(request).throwIfAny();
    const { allowed } = await this.access.allow(op, 'set-password', request.id);
    const limits = existing(await store.findPassword(this.deps.db.executor, allowed));
    if (request.password !== '') checkPassword('password', request.password, limits);
    return this.storePassword(op, allowed, request, (tx) => store.endTokens(tx, allowed));
  }

  async changePassword(op: Op, request: ChangePasswordRequest) {
    checkPasswordAction(request)
      .require(request.current_password !== '', 'current_password', 'This is a required field.')
      .require(request.new_password !== '', 'new_password', 'This is a required field.')
      .throwIfAny();
    const { row: account, allowed } = await this.access.allow(op, 'change-password', request.id);
    if (account.version !== request.version) throw staleVersion('Account', request.id);
    const stored = existing(await store.findPassword(this.deps.db.executor, allowed));
    checkPassword('new_password', request.new_password, stored);
    new FieldErrors()
      .require(
        request.new_password !== request.current_password,
        'new_password',
        'New password equal to current password.',
      )
      .throwIfAny();
    const attempt = {
      // The key differs from that of logins: somebody who guesses here with a stolen token does not
      // slow down the owner's logins.
      name: `change-password ${account.id}`,
      address: op.clientAddress,
      isFamiliar: false,
      isLoggedIn: true,
      stored: stored.password_hash ?? undefined,
      password: request.current_password,
    };
    knowsPassword(await this.passwords.check(attempt, op.signal));
    const { authTokenId } = allowed.actor;
    const also = (tx: Tx) => (request.end_other_tokens ? store.endTokens(tx, allowed, authTokenId) : Promise.resolve());
    return this.storePassword(op, allowed, { version: request.version, password: request.new_password }, also);
  }
}

export function accountService(deps: ControllerDeps, passwords: PasswordQueue) {
  const rpc = new AccountRpc(deps, passwords);
  return service(AccountServiceDefinition, {
    getAccount: (op, request) => rpc.getAccount(op, request),
    listAccounts: (op, request) => rpc.listAccounts(op, request),
    createAccount: (op, request) => rpc.createAccount(op, request),
    updateAccount: (op, request) => rpc.updateAccount(op, request),
    deleteAccount: (op, request) => rpc.deleteAccount(op, request),
    setPassword: (op, request) => rpc.setPassword(op, request),
    changePassword: (op, request) => rpc.changePassword(op, request),
  });
}

function checkedCreate(request: CreateAccountRequest) {
  const item = request.item ?? Account.fromPartial({});
  const type = typeOfMethodId(item.auth_method_id);
  const errors = checkCreate(new FieldErrors(), item)
    .require(type !== undefined, 'auth_method_id', 'Unknown auth method type from ID.')
    .require(
      type === undefined || !item.type || item.type === type,
      'type',
      "Doesn't match the parent resource's type.",
    );
  if (type !== 'password') checkShortText(errors, item);
  // Attributes of another type would only confuse the caller.
  const meant = type !== undefined && (!item.type || item.type === type || !isMethodType(item.type));
  const read = meant ? readNewAccount(errors, type, item.attributes) : undefined;
  errors.throwIfAny();
  return { item, read: read! };
}

/** The login name that the request sets, if any. */
function checkedUpdate(request: UpdateAccountRequest): string | undefined {
  const type = typeOfAccountId(request.id);
  const errors = checkUpdate(new FieldErrors(), request, ACCOUNT_PREFIXES);
  errors.require(!request.item?.type || request.item.type === type, 'type', 'Cannot modify the resource type.');
  if (type !== 'password') checkShortText(errors, request.item ?? {});
  const loginName = readAccountChange(errors, type, request.item?.attributes, request.update_mask ?? []);
  errors.throwIfAny();
  return loginName;
}

function checkLoginName(loginName: string, minLength: number): void {
  const problem = loginNameProblem(loginName, minLength);
  new FieldErrors().require(problem === undefined, 'attributes.login_name', problem ?? '').throwIfAny();
}

function checkPassword(field: string, password: string, limits: Pick<AuthMethodRow, 'min_password_length'>): void {
  if ([...password].length < limits.min_password_length) {
    throw invalidArgument('Error in provided request.', [{ name: field, description: 'Password is too short.' }]);
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw invalidArgument('Error in provided request.', [{ name: field, description: 'Password is too long.' }]);
  }
}

const checkPasswordAction = (request: { id: string; version: number }): FieldErrors =>
  new FieldErrors()
    .require(hasIdForm(request.id, ...PASSWORD_ACCOUNT_PREFIXES), 'id', 'Improperly formatted identifier.')
    .require(request.version > 0, 'version', 'Existing resource version is required for an update.');
