/**
 * Controller and workers as operators run them: `database init`, `server -config FILE` per process, workers enrolled
 * with activation tokens. Each part can be stopped, killed and started again.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from './api';
import { SALLYPORT } from './dev';
import { createEmptyDatabase } from './postgres';
import { freePorts, run, start, type Live } from './process';
import { waitFor } from './wait';

export interface Deployment {
  api: Api;
  projectId: string;
  /** As `database init` printed it. */
  init: any;
  home: string;
  controller: Live;
  worker: Live;
  ports: { api: number; cluster: number; ops: number; proxy: number; workerOps: number };
  startController(): Promise<void>;
  startWorker(): Promise<void>;
  /** Environment and address for CLI commands. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const listener = (purpose: string, port: number) => ({
  type: 'tcp',
  purpose,
  address: `127.0.0.1:${port}`,
  tls_disable: true,
});

/** `workerExtra` is merged into the worker stanza, `controllerExtra` into the controller's. */
export async function startDeployment(
  more: { controller?: Record<string, unknown>; worker?: Record<string, unknown> } = {},
): Promise<Deployment> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-dep-'));
  const database = await createEmptyDatabase();
  const [api, cluster, ops, proxy, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const ports = { api, cluster, ops, proxy, workerOps };
  const controllerFile = join(home, 'controller.json');
  writeFileSync(
    controllerFile,
    JSON.stringify({
      controller: { name: 'c1', database: { url: database.url }, ...more.controller },
      listener: [listener('api', api), listener('cluster', cluster), listener('ops', ops)],
      kms: [{ type: 'aead', purpose: 'root', key: randomBytes(32).toString('base64'), key_id: 'root-1' }],
      log_level: 'info',
    }),
    { mode: 0o600 },
  );
  const env = { HOME: home, SALLYPORT_ADDR: `http://127.0.0.1:${api}`, TZ: 'UTC' };
  const made = await run(SALLYPORT, ['database', 'init', '-config', controllerFile, '-format', 'json'], {
    env,
    timeoutMs: 60_000,
  });
  if (made.code !== 0) throw new Error(`database init: ${made.code}\n${made.stdout}\n${made.stderr}`);
  const init: any = JSON.parse(made.stdout);
  const client = new Api(env.SALLYPORT_ADDR);

  const serve = async (file: string, opsPort: number): Promise<Live> => {
    const live = start(SALLYPORT, ['server', '-config', file], { env });
    await waitFor(
      `${file} to be ready`,
      async () => {
        if (live.ended) throw new Error(`server ended:\n${live.stdout}\n${live.stderr}`);
        return fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
          (r) => r.ok,
          () => false,
        );
      },
      { timeoutMs: 30_000, status: () => `${live.stdout}\n${live.stderr}` },
    );
    return live;
  };

  const workerFile = join(home, 'worker.json');
  const deployment: Deployment = {
    api: client,
    projectId: init.project_scope.scope_id as string,
    init,
    home,
    ports,
    env,
    controller: undefined as unknown as Live,
    worker: undefined as unknown as Live,
    async startController() {
      deployment.controller = await serve(controllerFile, ops);
    },
    async startWorker() {
      deployment.worker = await serve(workerFile, workerOps);
    },
    async stop() {
      for (const live of [deployment.worker, deployment.controller]) {
        if (live === undefined) continue;
        live.child.kill('SIGTERM');
        const forced = setTimeout(() => live.child.kill('SIGKILL'), 15_000);
        await live.finished;
        clearTimeout(forced);
      }
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };

  try {
    await deployment.startController();
    const { auth_method_id, login_name, password } = init.auth_method;
    await client.login(auth_method_id, login_name, password);
    const created = await client.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global', name: 'w1' });
    writeFileSync(
      workerFile,
      JSON.stringify({
        worker: {
          initial_upstreams: [`127.0.0.1:${cluster}`],
          auth_storage_path: join(home, 'worker'),
          controller_generated_activation_token: created.controller_generated_activation_token,
          tags: { type: ['test'] },
          ...more.worker,
        },
        listener: [listener('proxy', proxy), listener('ops', workerOps)],
        log_level: 'info',
      }),
      { mode: 0o600 },
    );
    await deployment.startWorker();
  } catch (error) {
    await deployment.stop();
    throw error;
  }
  return deployment;
}

/** A running `connect -authz-token`, and the local port it listens on. */
export async function connect(deployment: Deployment, token: string): Promise<{ live: Live; port: number }> {
  const live = start(SALLYPORT, ['connect', '-authz-token', '-', '-format', 'json'], { env: deployment.env });
  live.child.stdin!.end(token);
  const port = (await live.output(/"port":(\d+)/))[1]!;
  return { live, port: Number(port) };
}
