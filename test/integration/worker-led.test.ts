/**
 * Worker-led registration: a worker without a token, an administrator with its request, and what
 * others could try.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock/clock';
import { createLogger } from '../../lib/log/log';
import { newId } from '../../lib/ids/ids';
import { newEd25519 } from '../../lib/tls/keys';
import {
  decodeRegistrationRequest,
  encodeRegistrationRequest,
  isRegistrationProof,
  registrationProof,
} from '../../lib/tls/registration-request';
import { startPart, type Part } from '../../services/controller/control/control.fixture';
import { rows, sql, transaction } from '../../services/controller/db/db';
import { createWorld, type World } from '../../services/controller/sessions/sessions.fixture';
import { loadAuthority, type DeploymentAuthority } from '../../services/controller/workers/authority';
import { collect, createRegistration, REGISTRATION_LIFETIME_MS } from '../../services/controller/workers/registration';
import { insertWorkerRow } from '../../services/controller/workers/workers.store';
import { ControlClient } from '../../services/worker/control/control-client';
import { collectIdentity, openRegistration } from '../../services/worker/control/registration';
import { SessionRegistry } from '../../services/worker/sessions/registry';
import { waitFor } from '../harness/wait';

let world: World;
let authority: DeploymentAuthority;
let part: Part;
const directories: string[] = [];

beforeAll(async () => {
  world = await createWorld(new Date());
  authority = await loadAuthority(world.db.executor, world.kms);
  part = await startPart(world, authority, 'first');
});
afterAll(async () => {
  await part.close();
  await world.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function newStorage(): string {
  const directory = mkdtempSync(join(tmpdir(), 'worker-led-'));
  directories.push(directory);
  return directory;
}

function startClient(storagePath: string): ControlClient {
  const registry = new SessionRegistry(systemClock, () => Promise.resolve(undefined));
  const client = new ControlClient({
    upstreams: [upstream()],
    storagePath,
    releaseVersion: '0.1.0',
    description: '',
    tags: {},
    clock: systemClock,
    log: createLogger('w', { level: 'silent' }),
    address: () => '127.0.0.1:9202',
    isDraining: () => false,
    registry,
  });
  client.start();
  return client;
}

const upstream = () => ({ host: '127.0.0.1', port: part.listener.port });

/** What the administrator's call does. */
async function bring(text: string, now = new Date()): Promise<string> {
  const id = newId('w');
  await transaction(world.db, now, async (tx) => {
    await insertWorkerRow(tx, { id, name: null, description: null, configManaged: false, now });
    await createRegistration(tx, world.kms, id, decodeRegistrationRequest(text)!, now);
  });
  return id;
}

test('a worker shows a request that outlives restarts, and attaches once an administrator has brought it', async () => {
  const storage = newStorage();
  const early = startClient(storage);
  const request = early.registrationRequest!;
  expect(readFileSync(join(storage, 'auth_request_token'), 'utf8')).toBe(request);
  expect(statSync(join(storage, 'registration.json')).mode & 0o077).toBe(0);
  await early.close();
  const client = startClient(storage);
  try {
    expect(client.registrationRequest).toBe(request);
    const id = await bring(request);
    await client.firstAttach;
    expect(client.workerId).toBe(id);
    expect(client.registrationRequest).toBeUndefined();
    expect(existsSync(join(storage, 'registration.json'))).toBe(false);
    await waitFor('the attachment', () => part.control.attachedWorkers().includes(id));
  } finally {
    await client.close();
  }
  const again = startClient(storage);
  await again.firstAttach;
  await again.close();
});

test('nobody else can use a request, and it expires', async () => {
  const registration = openRegistration(newStorage());
  await expect(collectIdentity(upstream(), registration)).rejects.toThrow('waiting for an administrator');
  await bring(registration.request);
  const stranger = openRegistration(newStorage());
  // Knows the secret, but has another key.
  await expect(collectIdentity(upstream(), { ...stranger, secret: registration.secret })).rejects.toThrow('waiting');
  // A controller that does not know the secret.
  await expect(collectIdentity(upstream(), { ...registration, secret: stranger.secret })).rejects.toThrow(
    'not from the controller',
  );
  await collectIdentity(upstream(), registration);
  await collectIdentity(upstream(), registration);
  const { publicKey } = decodeRegistrationRequest(registration.request)!;
  const late = new Date(Date.now() + REGISTRATION_LIFETIME_MS + 60_000);
  await expect(collect({ ...world, authority }, publicKey, late)).rejects.toMatchObject({ kind: 'PermissionDenied' });
  await expect(bring(registration.request)).rejects.toMatchObject({ code: '23505' });
});

test('the secret is stored encrypted', async () => {
  const registration = openRegistration(newStorage());
  await bring(registration.request);
  const stored = await rows<{ secret: Buffer }>(world.db.executor, sql`select secret from worker_registrations`);
  for (const { secret } of stored) expect(secret.includes(registration.secret)).toBe(false);
});

test('requests are read strictly, proofs bind every certificate', () => {
  const publicKey = createPublicKey(newEd25519()).export({ format: 'der', type: 'spki' });
  const secret = Buffer.alloc(32, 7);
  const text = encodeRegistrationRequest({ publicKey, secret });
  expect(decodeRegistrationRequest(`${text}\n`)).toEqual({ publicKey, secret });
  for (const bad of ['', 'nope', text.slice(1), `${text}1`, '1'.repeat(77), 'z'.repeat(10_000)]) {
    expect(decodeRegistrationRequest(bad)).toBeUndefined();
  }
  const answer = { certificate: Buffer.from('ab'), authorities: [Buffer.from('c'), Buffer.from('d')] };
  const proof = registrationProof(secret, answer);
  expect(isRegistrationProof(proof, secret, answer)).toBe(true);
  const shifted = { certificate: Buffer.from('a'), authorities: [Buffer.from('bc'), Buffer.from('d')] };
  expect(isRegistrationProof(proof, secret, shifted)).toBe(false);
  expect(isRegistrationProof(proof, Buffer.alloc(32), answer)).toBe(false);
  expect(isRegistrationProof(Buffer.alloc(0), secret, answer)).toBe(false);
});
