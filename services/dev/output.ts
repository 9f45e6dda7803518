/** What dev mode prints when everything runs: ids and logins, and what to type next. */
import { formatAddress, type HostPort } from '../../lib/config/address';
import { prefixOf } from '../../lib/contract/id-prefixes';
import type { ControllerConfig } from '../controller/config';
import { configurationBlock, listenerLine } from '../server/information';
import type { WorkerProcess } from '../server/child-worker';
import type { DevDatabase } from './database';
import type { DevSettings } from './options';

export interface Started {
  settings: DevSettings;
  config: ControllerConfig;
  controller: { apiAddress: HostPort; clusterAddress: HostPort; opsAddress?: HostPort | undefined };
  database: DevDatabase;
  worker: WorkerProcess | undefined;
  /** Absent: temporary. */
  home: string | undefined;
}

export function devText(started: Started): string {
  return [
    '==> Sallyport server configuration:\n\n',
    configurationBlock([...generated(started), ...addresses(started)]),
    `\n${nextCommands(started)}\n`,
    '==> Sallyport server started! Log data will stream in below:\n\n',
  ].join('');
}

function generated({ settings, config }: Started): [string, string][] {
  const id = (prefix: string): string => `${prefix}_${settings.idSuffix}`;
  const recoveryKey = config.recoveryKey?.key.toString('base64');
  return [
    ...(recoveryKey === undefined ? [] : [['[Recovery] AEAD Key Bytes', recoveryKey] as [string, string]]),
    ['Generated Admin Login Name', settings.loginName],
    ['Generated Admin Password', settings.password],
    ['Generated Unprivileged Login Name', settings.unprivilegedLoginName],
    ['Generated Unprivileged Password', settings.unprivilegedPassword],
    ['Generated Password Auth Method Id', id(prefixOf('auth-method', 'password'))],
    ...(settings.oidc
      ? [['Generated OIDC Auth Method Id', id(prefixOf('auth-method', 'oidc'))] as [string, string]]
      : []),
    ...(settings.ldap
      ? [['Generated LDAP Auth Method Id', id(prefixOf('auth-method', 'ldap'))] as [string, string]]
      : []),
    ['Generated Org Scope Id', id(prefixOf('scope', 'org'))],
    ['Generated Project Scope Id', id(prefixOf('scope', 'project'))],
    ['Generated Host Catalog Id', id(prefixOf('host-catalog', 'static'))],
    ['Generated Host Set Id', id(prefixOf('host-set', 'static'))],
    ['Generated Host Id', id(prefixOf('host', 'static'))],
    ['Generated Target With Address Id', id(prefixOf('target', 'tcp'))],
    ['Generated Target With Host Source Id', `ttcp_${settings.secondaryIdSuffix}`],
  ];
}

function addresses({ settings, config, controller, database, worker, home }: Started): [string, string][] {
  const listeners: Record<string, string>[] = [
    {
      addr: formatAddress(controller.apiAddress),
      purpose: 'api',
      cors_enabled: String(config.api.corsEnabled),
      cors_allowed_origins: `[${config.api.corsAllowedOrigins.join(' ')}]`,
      max_request_duration: `${config.maxRequestDurationMs / 1000}s`,
    },
    { addr: formatAddress(controller.clusterAddress), purpose: 'cluster' },
    ...(controller.opsAddress === undefined ? [] : [{ addr: formatAddress(controller.opsAddress), purpose: 'ops' }]),
  ];
  if (worker !== undefined) {
    listeners.push({ addr: formatAddress(worker.proxyAddress), purpose: 'proxy' });
    listeners.push({ addr: formatAddress(settings.workerOps), purpose: 'ops' });
  }
  return [
    ...listeners.map((listener, i): [string, string] => [`Listener ${i + 1}`, listenerLine(listener)]),
    ['Controller Public Cluster Addr', config.cluster.publicAddress ?? formatAddress(controller.clusterAddress)],
    ...(worker === undefined
      ? []
      : [
          ['Worker Public Proxy Addr', settings.workerPublicAddress ?? formatAddress(worker.proxyAddress)] as [
            string,
            string,
          ],
        ]),
    ...(database.demoUrl === undefined ? [] : [['Demo Database', database.demoUrl.href] as [string, string]]),
    ['Data Directory', home ?? 'temporary, removed at the end (keep it with -data-dir)'],
    ['Log Level', settings.log.level],
  ];
}

function nextCommands({ settings, controller, database }: Started): string {
  const { host, port } = controller.apiAddress;
  const reachable = { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
  const lines = [
    `export SALLYPORT_ADDR=http://${formatAddress(reachable)}`,
    `bin/sallyport authenticate password -auth-method-id ampw_${settings.idSuffix} -login-name ${settings.loginName}`,
    `bin/sallyport targets list -scope-id p_${settings.idSuffix}`,
  ];
  if (database.demoUrl !== undefined) {
    lines.push(`bin/sallyport connect postgres postgres.boundary.dev -dbname ${settings.demo?.database}`);
  }
  return `Next, in another terminal:\n\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
