/** Handlers of WorkerService: decode, look up, authorize, one store call, encode. */
import { invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { decodeBoundaryRegistration, type BoundaryRegistration } from '../../../lib/tls/boundary-registration';
import { decodeRegistrationRequest } from '../../../lib/tls/registration-request';
import { Worker, WorkerServiceDefinition, type UpdateWorkerRequest } from '../../../proto/gen/api/workers';
import type { ActionOn } from '../authz/actions';
import type { Allowed, AllowedIn, AllowedItem, CreateAction } from '../authz/authz';
import { toMake } from '../authz/proof';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import type { Control } from '../control/control';
import { sql, transaction, type Tx } from '../db/db';
import {
  checkCreate,
  checkShortText,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import { compileListFilter, passes } from '../resources/list-filter';
import type { ListVerb } from '../resources/list-edits';
import { cutFields, present } from '../resources/present';
import { staleVersion } from '../resources/rows';
import { collectionIn } from '../resources/scope-lists';
import { repeatedScope, wholeList } from '../resources/whole-list';
import { service, type Handlers, type Op } from '../rpc/service';
import { closeLost } from '../sessions/connections.store';
import { certificateInfos, replaceAuthorities, type DeploymentAuthority } from './authority';
import { createActivationToken } from './enrollment';
import { createRegistration } from './registration';
import { editedTags, readTags, type TagsRequest } from './worker-tags';
import { WORKER_PREFIX, workerActions, workerItem, workerResource, type WorkerRow } from './workers';
import * as store from './workers.store';

const GLOBAL = { id: 'global', type: 'global', scope_id: null } as const;
/**
 * How long a deletion waits for the last reports of the worker; what is missing then counts as
 * lost.
 */
const LAST_REPORTS_MS = 2_000;
const LOOK_MS = 20;
/** What is made of such a request is a resource and nothing more. */
const SPEAKS_BOUNDARY =
  'a worker of Boundary was registered, which cannot connect here: run this release as its worker, and register that';
const NOT_CONTROLLER_LED = 'Worker-generated auth tokens are not used with the controller-led creation flow.';
const MUTABLE = { name: 'name', description: 'description' };

const workerToJSON = (item: Partial<ReturnType<typeof workerItem>>): unknown => Worker.toJSON(Worker.fromPartial(item));

type WorkerDeps = ControllerDeps & { authority: DeploymentAuthority; control: Pick<Control, 'reloadAuthority'> };

/** Workers, their tags, and the authorities that vouch for them. */
export function workerService(deps: WorkerDeps) {
  const access = workerAccess(deps);
  return service(WorkerServiceDefinition, {
    async getWorker(op, { id }) {
      checkGetId(id, WORKER_PREFIX);
      const { worker, allowed } = await access.allow(op, 'read', id);
      return access.shown(op, allowed, worker);
    },

    async listWorkers(op, request) {
      new FieldErrors()
        .require(request.scope_id === 'global', 'scope_id', "Must be 'global' when listing.")
        .throwIfAny();
      const filter = await compileListFilter(op, request.filter, MESSAGE.request);
      await deps.authz.check(op, 'list', collectionIn('worker', GLOBAL));
      const workers = await store.allWorkers(deps.db.executor);
      const items = await wholeList(op, workers, async (worker) => {
        const item = await access.listed(op, worker, workers.length);
        return item !== undefined && (await passes(op, filter, item, workerToJSON)) ? item : undefined;
      });
      return { items };
    },

    async updateWorker(op, request) {
      checkChange(request);
      const { worker, allowed } = await access.allow(op, 'update', request.id);
      await update(deps, allowed, worker, request);
      return access.answer(op, allowed);
    },

    async deleteWorker(op, { id }) {
      checkDeleteId(id, WORKER_PREFIX);
      const { allowed } = await access.allow(op, 'delete', id);
      await endConnections(deps, allowed);
      const now = deps.clock.now();
      await transaction(deps.db, now, async (tx) => {
        await closeLost(tx, sql`c.worker_id = ${allowed.id}`, now);
        await store.deleteWorker(tx, allowed);
      });
      return {};
    },

    addWorkerTags: (op, request) => editTags(deps, access, op, 'add', request),
    setWorkerTags: (op, request) => editTags(deps, access, op, 'set', request),
    removeWorkerTags: (op, request) => editTags(deps, access, op, 'remove', request),

    ...creationHandlers(deps, access),
    ...authorityHandlers(deps),
  });
}

/**
 * Lets a worker that is to be deleted cut its connections and report their ends; waits for them a
 * moment.
 */
async function endConnections({ db, clock }: ControllerDeps, allowed: Allowed<'worker', 'delete'>): Promise<void> {
  if (!(await store.retireWorker(db.executor, allowed))) return;
  const deadline = clock.now().getTime() + LAST_REPORTS_MS;
  while (clock.now().getTime() < deadline && (await store.hasOpenConnections(db.executor, allowed))) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

type WorkerHandlers = Handlers<typeof WorkerServiceDefinition>;

function creationHandlers(
  deps: WorkerDeps,
  access: ReturnType<typeof workerAccess>,
): Pick<WorkerHandlers, 'createWorkerLed' | 'createControllerLed'> {
  return {
    async createWorkerLed(op, request) {
      const item = request.item ?? Worker.fromPartial({});
      const { registration, isBoundarys } = checkRegistration(item, deps.clock.now());
      const may = await deps.authz.check(op, 'create:worker-led', collectionIn('worker', GLOBAL));
      const { allowed } = await create(deps, may, item, (tx, workerId, now) =>
        createRegistration(tx, deps.kms, workerId, registration, now),
      );
      if (isBoundarys) op.log.warn({ worker: allowed.id }, SPEAKS_BOUNDARY);
      return access.answer(op, allowed);
    },

    async createControllerLed(op, request) {
      const item = request.item ?? Worker.fromPartial({});
      checkNewWorker(item)
        .require(item.worker_generated_auth_token === '', 'worker_generated_auth_token', NOT_CONTROLLER_LED)
        .throwIfAny();
      const may = await deps.authz.check(op, 'create:controller-led', collectionIn('worker', GLOBAL));
      const { allowed, made } = await create(deps, may, item, (tx, workerId, now) =>
        createActivationToken(tx, deps.kms, deps.authority, workerId, now),
      );
      return access.answer(op, allowed, made);
    },
  };
}

function authorityHandlers(
  deps: WorkerDeps,
): Pick<WorkerHandlers, 'readCertificateAuthority' | 'reinitializeCertificateAuthority'> {
  return {
    async readCertificateAuthority(op, request) {
      checkGlobal(request, 'reading');
      const allowed = await deps.authz.check(op, 'read-certificate-authority', collectionIn('worker', GLOBAL));
      return { item: cutFields({ certs: await certificateInfos(deps.db.executor) }, allowed.decision) };
    },

    async reinitializeCertificateAuthority(op, request) {
      checkGlobal(request, 'reinitializing certs');
      const allowed = await deps.authz.check(op, 'reinitialize-certificate-authority', collectionIn('worker', GLOBAL));
      await replaceAuthorities(deps.db, deps.kms, deps.clock.now());
      await deps.control.reloadAuthority();
      return { item: cutFields({ certs: await certificateInfos(deps.db.executor) }, allowed.decision) };
    },
  };
}

function checkGlobal({ scope_id }: { scope_id: string }, doing: string): void {
  new FieldErrors().require(scope_id === 'global', 'scope_id', `Must be 'global' when ${doing}.`).throwIfAny();
}

/** The three actions on the tags that administrators give. */
async function editTags(
  deps: ControllerDeps,
  access: ReturnType<typeof workerAccess>,
  op: Op,
  verb: ListVerb,
  request: TagsRequest,
) {
  const given = readTags(verb, request);
  const { allowed } = await access.allow(op, `${verb}-worker-tags`, request.id);
  const now = deps.clock.now();
  await transaction(deps.db, now, async (tx) => {
    const current = await store.lockWorkerTags(tx, allowed);
    if (current?.version !== request.version) throw staleVersion('Worker', request.id);
    const tags = editedTags(verb, current.api_tags, given);
    const columns = { api_tags: JSON.stringify(tags) };
    await store.updateWorker(tx, allowed, { version: request.version, columns, now });
  });
  return access.answer(op, allowed);
}

function workerAccess(deps: WorkerDeps) {
  const find = async (id: string): Promise<WorkerRow> => existing(await store.findWorker(deps.db.executor, id));
  return {
    async allow<const A extends ActionOn<'worker'>>(op: Op, action: A, id: string) {
      const worker = await find(id);
      return { worker, allowed: await deps.authz.check(op, action, workerResource(worker)) };
    },

    /** The worker as it is now; `token` is shown once, after its creation. */
    async answer(op: Op, allowed: AllowedItem<'worker'>, token = '') {
      return this.shown(op, allowed, await find(allowed.id), token);
    },

    async shown(op: Op, allowed: AllowedItem<'worker'>, worker: WorkerRow, token = '') {
      const shown = { decision: allowed.decision, resource: workerResource(worker), actions: workerActions(worker) };
      const item = { ...workerItem(worker), controller_generated_activation_token: token };
      return { item: await present(deps.authz, op, shown, item) };
    },

    /**
     * The worker as the caller may see it in a list of so many; undefined when it has no action on
     * it.
     */
    async listed(op: Op, worker: WorkerRow, count: number) {
      const resource = workerResource(worker);
      const authorized_actions = await deps.authz.allowedActions(op, workerActions(worker), resource);
      if (authorized_actions.length === 0) return undefined;
      const item = workerItem(worker);
      const shown = { ...item, scope: repeatedScope(item.scope, count), authorized_actions };
      return cutFields(shown, await deps.authz.decide(op, 'list', resource));
    },
  };
}

/** Stores the worker together with what `furnish` makes for its enrollment. */
async function create<T>(
  deps: WorkerDeps,
  may: AllowedIn<'worker', CreateAction<'worker'>>,
  item: Worker,
  furnish: (tx: Tx, workerId: string, now: Date) => Promise<T>,
) {
  const now = deps.clock.now();
  const allowed = toMake(may, newId(WORKER_PREFIX));
  const name = storedText(item.name);
  const description = storedText(item.description);
  const made = await transaction(deps.db, now, async (tx) => {
    await store.insertWorker(tx, allowed, { name, description, configManaged: false, now });
    return furnish(tx, allowed.id, now);
  });
  return { allowed, made };
}

async function update(
  deps: WorkerDeps,
  allowed: Allowed<'worker', 'update'>,
  worker: WorkerRow,
  request: UpdateWorkerRequest,
): Promise<void> {
  if (worker.config_managed) {
    throw invalidArgument('Error in provided request.', [
      { name: 'id', description: 'This worker is managed by its configuration and cannot be updated.' },
    ]);
  }
  const item = request.item!;
  const values = (path: string) => storedText(item[path as 'name' | 'description']);
  const columns = maskedColumns(request.update_mask!, MUTABLE, values);
  const now = deps.clock.now();
  const change = { version: item.version, columns, now };
  if (!(await transaction(deps.db, now, (tx) => store.updateWorker(tx, allowed, change)))) {
    throw staleVersion('Worker', worker.id);
  }
}

const READ_ONLY = 'This is a read only field.';

function checkChange({ item = Worker.fromPartial({}), ...request }: UpdateWorkerRequest): void {
  const errors = checkUpdate(new FieldErrors(), { ...request, item }, [WORKER_PREFIX]);
  errors.require(item.name === item.name?.toLowerCase(), 'name', 'Must be all lowercase.');
  checkShortText(errors, item);
  checkKnownByWorker(errors, item).throwIfAny();
}

/** What workers tell of themselves. */
const checkKnownByWorker = (errors: FieldErrors, item: Worker): FieldErrors =>
  errors
    .require(item.address === '', 'address', READ_ONLY)
    .require(item.canonical_tags === undefined, 'canonical_tags', READ_ONLY)
    .require(item.config_tags === undefined, 'config_tags', READ_ONLY);

const requestOf = ({ publicKey, nonce }: BoundaryRegistration) => ({ publicKey, secret: nonce });

function checkRegistration(item: Worker, now: Date) {
  const errors = checkNewWorker(item);
  const field = 'worker_generated_auth_token';
  const text = item.worker_generated_auth_token;
  const boundary = decodeBoundaryRegistration(text, now);
  const registration = boundary === undefined ? decodeRegistrationRequest(text) : requestOf(boundary);
  if (text === '') errors.add(field, 'Cannot be empty.');
  else if (registration === undefined)
    errors.add(field, 'This is not the registration request of a worker: copy it whole.');
  else
    errors.require(
      boundary?.isValid !== false,
      field,
      'The request has expired: start the worker anew to get another.',
    );
  errors.throwIfAny();
  return { registration: registration!, isBoundarys: boundary !== undefined };
}

function checkNewWorker(item: Worker): FieldErrors {
  const errors = checkCreate(new FieldErrors(), item);
  checkShortText(errors, item);
  return checkKnownByWorker(errors, item)
    .require(item.name === item.name?.toLowerCase(), 'name', 'Name must be all lowercase.')
    .require(item.scope_id === 'global', 'scope_id', "Must be 'global'")
    .require(item.last_status_time === undefined, 'last_status_time', READ_ONLY)
    .require(item.release_version === '', 'release_version', READ_ONLY)
    .require(item.authorized_actions.length === 0, 'authorized_actions', READ_ONLY)
    .require(!item.draining, 'draining', READ_ONLY);
}
