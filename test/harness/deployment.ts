/**
 * Controller and workers as operators run them: `database init`, `server -config FILE` per process,
 * workers enrolled with activation tokens. Each part can be stopped, killed and started again.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from './api';
import { SALLYPORT } from './dev';
import { createEmptyDatabase, type TestDatabase } from './postgres';
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
  /** Another controller of the same deployment, not started yet. */
  addController(name: string, ports: { api: number; cluster: number; ops: number }, env?: Environment): Promise<Part>;
  /** Another worker, not started yet; `block` is merged into its configuration. */
  addWorker(
    name: string,
    ports: { proxy: number; ops: number },
    block?: Record<string, unknown>,
    env?: Environment,
  ): Promise<Part>;
  /** Environment and address for CLI commands. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Added to that of the deployment. */
type Environment = Record<string, string>;

/** A process of its own that can be started again and again; all are ended with the deployment. */
export interface Part {
  file: string;
  live: Live;
  start(): Promise<void>;
}

const listener = (purpose: string, port: number) => ({
  type: 'tcp',
  purpose,
  address: `127.0.0.1:${port}`,
  tls_disable: true,
});

export interface DeploymentOptions {
  /** Merged into the controller's block. */
  controller?: Record<string, unknown>;
  /** Merged into the worker's block. */
  worker?: Record<string, unknown> | ((ports: Deployment['ports']) => Promise<Record<string, unknown>>);
  /** An empty database; one of the test server when absent. */
  database?: TestDatabase;
  /** Added to the environment of all processes. */
  env?: Environment;
  /** Of all processes; 'info' when absent. */
  logLevel?: string;
  /**
   * What the processes write goes to files in the home, named after their configuration, instead of
   * being kept here.
   */
  logFiles?: boolean;
}

export async function startDeployment(more: DeploymentOptions = {}): Promise<Deployment> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-dep-'));
  const database = more.database ?? (await createEmptyDatabase());
  const [api, cluster, ops, proxy, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const ports = { api, cluster, ops, proxy, workerOps };
  const write = (name: string, content: unknown): string => {
    const file = join(home, name);
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
    return file;
  };
  const kms = [{ type: 'aead', purpose: 'root', key: randomBytes(32).toString('base64'), key_id: 'root-1' }];
  const controllerFile = write('controller.json', {
    controller: { name: 'c1', database: { url: database.url }, ...more.controller },
    listener: [listener('api', api), listener('cluster', cluster), listener('ops', ops)],
    kms,
    log_level: more.logLevel ?? 'info',
  });
  const env = { HOME: home, SALLYPORT_ADDR: `http://127.0.0.1:${api}`, TZ: 'UTC', ...more.env };
  const made = await run(SALLYPORT, ['database', 'init', '-config', controllerFile, '-format', 'json'], {
    env,
    timeoutMs: 60_000,
  });
  if (made.code !== 0) throw new Error(`database init: ${made.code}\n${made.stdout}\n${made.stderr}`);
  const init: any = JSON.parse(made.stdout);
  const client = new Api(env.SALLYPORT_ADDR);

  const serve = async (file: string, opsPort: number, own: Environment = {}): Promise<Live> => {
    const output = more.logFiles === true ? { outputFile: file.replace(/json$/, 'log') } : {};
    const live = start(SALLYPORT, ['server', '-config', file], { env: { ...env, ...own }, ...output });
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

  const workerConfig = async (name: string, opsPort: number, proxyPort: number, block: Record<string, unknown>) => {
    const created = await client.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global', name });
    return write(`${name}.json`, {
      worker: {
        initial_upstreams: [`127.0.0.1:${cluster}`],
        auth_storage_path: join(home, name),
        controller_generated_activation_token: created.controller_generated_activation_token,
        tags: { type: ['test'] },
        data_processes: 1,
        ...block,
      },
      listener: [listener('proxy', proxyPort), listener('ops', opsPort)],
      log_level: more.logLevel ?? 'info',
    });
  };

  let workerFile = '';
  const parts: Live[] = [];
  const part = (file: string, opsPort: number, own: Environment): Part => {
    const made: Part = {
      file,
      live: undefined as unknown as Live,
      async start() {
        made.live = await serve(file, opsPort, own);
        parts.push(made.live);
      },
    };
    return made;
  };
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
    async addController(name, ports, own = {}) {
      const file = write(`${name}.json`, {
        controller: { name, database: { url: database.url }, ...more.controller },
        listener: [listener('api', ports.api), listener('cluster', ports.cluster), listener('ops', ports.ops)],
        kms,
        log_level: more.logLevel ?? 'info',
      });
      return part(file, ports.ops, own);
    },
    async addWorker(name, ports, block = {}, own = {}) {
      return part(await workerConfig(name, ports.ops, ports.proxy, block), ports.ops, own);
    },
    async stop() {
      for (const live of [...parts, deployment.worker, deployment.controller]) {
        if (live === undefined || live.ended) continue;
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
    const block = typeof more.worker === 'function' ? await more.worker(ports) : (more.worker ?? {});
    workerFile = await workerConfig('w1', workerOps, proxy, block);
    await deployment.startWorker();
  } catch (error) {
    await deployment.stop();
    throw error;
  }
  return deployment;
}

/** A running `connect -authz-token`, and the local port it listens on. */
export async function connect(
  deployment: Deployment,
  token: string,
  own: Environment = {},
): Promise<{ live: Live; port: number }> {
  const live = start(SALLYPORT, ['connect', '-authz-token', '-', '-format', 'json'], {
    env: { ...deployment.env, ...own },
  });
  live.child.stdin!.end(token);
  const port = (await live.output(/"port":(\d+)/))[1]!;
  return { live, port: Number(port) };
}
