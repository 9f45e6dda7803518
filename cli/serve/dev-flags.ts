/** Flags of `dev` beyond addresses, database and content. */
import type { Flag, FlagGroup } from '../core/command';

const BASE64_KEY = '32 bytes in base64; random when absent.';

const NO_KEY = 'workers enroll with tokens and nothing is recorded, so that no such key exists.';
const NO_ENROLLMENT = 'the worker of this command is enrolled by it, and its keys go with it.';
const NO_RECORDINGS = 'this edition does not record sessions.';

/** A flag that does nothing. */
const without = (name: string, type: 'string' | 'bool', description: string, noEffect: string, env?: string): Flag => ({
  name,
  type,
  description,
  noEffect,
  ...(env === undefined ? {} : { env: `DEV_${env}` }),
});

export const DEV_KEYS: FlagGroup = {
  title: 'Key Options',
  flags: [
    {
      name: 'recovery-key',
      type: 'string',
      env: 'DEV_RECOVERY_KEY',
      description: `Key for recovery logins: ${BASE64_KEY}`,
    },
    without('worker-auth-key', 'string', `Key for workers: ${BASE64_KEY}`, NO_KEY, 'WORKER_AUTH_KEY'),
    without('bsr-key', 'string', `Key for recordings: ${BASE64_KEY}`, NO_KEY, 'BSR_KEY'),
  ],
};

const kind = (name: string, what: string): Flag => ({
  name,
  type: 'string',
  hint: 'true|false',
  description: `Whether ${what} are written.`,
});

export const DEV_EVENTS: FlagGroup = {
  title: 'Event Options',
  flags: [
    {
      name: 'event-format',
      type: 'string',
      description: 'Format of events: "cloudevents-json", "cloudevents-text", "hclog-json" or "hclog-text".',
    },
    kind('audit-events', 'audit events'),
    kind('observation-events', 'observation events'),
    kind('system-events', 'system events'),
    { ...kind('telemetry-events', 'telemetry events'), noEffect: 'there are no such events.' },
    { name: 'event-allow-filter', type: 'list', description: 'Expression; only events that match one are written.' },
    { name: 'event-deny-filter', type: 'list', description: 'Expression; events that match one are left out.' },
  ],
};

export const DEV_WITHOUT_EFFECT: Flag[] = [
  without('combine-logs', 'bool', 'Write errors where the log goes.', 'the log and the errors of a start are apart.'),
  without(
    'container-image',
    'string',
    'Image of the database container.',
    'the database is an embedded PostgreSQL, without a container.',
  ),
  without(
    'disable-database-destruction',
    'bool',
    'Keep the database when the command ends.',
    'use -data-dir, which keeps it.',
  ),
  without(
    'plugin-execution-dir',
    'string',
    'Where plugins are unpacked.',
    'plugins are no programs here.',
    'PLUGIN_EXECUTION_DIR',
  ),
  without(
    'ui-passthrough-dir',
    'string',
    'Directory with an admin UI to serve.',
    'no UI is served.',
    'UI_PASSTHROUGH_DIR',
  ),
  without('worker-auth-method', 'string', 'How the worker is enrolled.', NO_ENROLLMENT),
  without('worker-auth-storage-dir', 'string', 'Where the keys of the worker are kept.', NO_ENROLLMENT),
  without('worker-auth-storage-skip-cleanup', 'bool', 'Keep the keys of the worker.', NO_ENROLLMENT),
  without('worker-auth-enable-debugging', 'bool', 'Log the enrollment of workers.', 'use -log-level debug.'),
  without('worker-recording-storage-dir', 'string', 'Where recordings are kept.', NO_RECORDINGS),
  without(
    'worker-recording-storage-minimum-available-capacity',
    'string',
    'Space that recordings leave free.',
    NO_RECORDINGS,
  ),
  without(
    'worker-ssh-known-hosts-path',
    'string',
    'Host keys that the worker accepts.',
    'workers of this edition carry SSH as it is, and the client checks the host key.',
  ),
  {
    ...without('create-loopback-plugin', 'bool', 'Create a plugin for tests.', 'plugins are no programs here.'),
    hidden: true,
  },
];
