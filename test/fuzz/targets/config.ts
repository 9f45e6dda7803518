/**
 * Configuration files as parsed JSON: a configuration, or an error that lists the problems and no
 * secret.
 */
import { ConfigError } from '../../../lib/config/fields';
import { parseConfig } from '../../../services/server/config';
import { mutateJson } from '../json';
import { invariant, outcome, type Target } from '../target';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const kms = (purpose: string | string[]): object => ({
  aead: { purpose, aead_type: 'aes-gcm', key: SECRET, key_id: 'global_x' },
});
const FILE = {
  disable_mlock: true,
  log_level: 'info',
  events: {
    audit_enabled: true,
    sink: [{ type: 'stderr', format: 'cloudevents-json', event_types: ['*'], name: 'a' }],
  },
  kms: [kms('root'), kms(['worker-auth', 'recovery'])],
  listener: [
    {
      tcp: {
        purpose: 'api',
        address: '127.0.0.1:9200',
        tls_disable: true,
        cors_enabled: true,
        cors_allowed_origins: ['*'],
      },
    },
    { type: 'tcp', purpose: ['cluster'], address: '127.0.0.1' },
    { type: 'tcp', purpose: 'proxy', address: '[::1]:9202', x_forwarded_for_authorized_addrs: '10.0.0.0/8' },
  ],
};
const FILES = [
  {
    ...FILE,
    controller: {
      name: 'c',
      database: { url: 'postgres://u@h/d', max_open_connections: 5 },
      public_cluster_addr: 'c:9201',
      api_rate_limit: [{ resources: ['*'], actions: ['*'], per: 'total', limit: 10, period: '1m' }],
      auth_token_time_to_live: '7d',
      limits: { request_work: 10 },
    },
  },
  {
    ...FILE,
    worker: {
      name: 'w',
      public_addr: 'w',
      initial_upstreams: ['127.0.0.1'],
      tags: { type: ['a', 'b'] },
      auth_storage_path: '/nonexistent',
    },
  },
];

export const target: Target = {
  seeds: () => FILES.map((file) => JSON.stringify(file)),
  mutate: mutateJson,
  words: ['"listener":', '"tcp"', '"purpose":"api"', 'env://X', '"1h"', '"9'.concat('9'.repeat(400), '"')],
  maxLength: 4_096,
  open: () => ({
    run(input) {
      let values: unknown;
      try {
        values = JSON.parse(input.toString());
      } catch {
        return;
      }
      const isObject = typeof values === 'object' && values !== null && !Array.isArray(values);
      // Files are read where they are named.
      if (!isObject || /file:|_file|\/dev|\/proc/.test(input.toString())) return;
      for (const use of ['server', 'database'] as const) {
        const config = outcome(
          () => parseConfig(values as Record<string, unknown>, 'x.json', use, { X: '1' }),
          ConfigError,
        );
        if ('value' in config) {
          for (const [key, value] of Object.entries(config.value.controller ?? {})) {
            invariant(typeof value !== 'number' || Number.isFinite(value), `${key} is ${value as number}`);
          }
          continue;
        }
        const { message, problems } = config.error as ConfigError;
        invariant(problems.length > 0 && problems.length <= 60 + input.length, 'an error without problems');
        invariant(!message.includes(SECRET), 'an error with a secret');
      }
    },
  }),
};
