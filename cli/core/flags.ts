/** Flags that many commands share. */
import type { Args, Context, Flag, FlagGroup, FlagsIn } from './command';
import { CLEAR_TEXT, OTHER_ADDRESS } from './token-place';

export const CONNECTION = {
  title: 'Connection Options',
  flags: [
    {
      name: 'addr',
      type: 'string',
      default: 'http://127.0.0.1:9200',
      env: 'ADDR',
      emptyIsUnset: true,
      description: 'Address of the controller, a URL with scheme and port. "unix://PATH" is a Unix socket.',
    },
    {
      name: 'ca-cert',
      type: 'string',
      env: 'CACERT',
      emptyIsUnset: true,
      description: 'PEM file with the certificate authorities to trust. Goes before -ca-path.',
    },
    {
      name: 'ca-path',
      type: 'string',
      env: 'CAPATH',
      emptyIsUnset: true,
      description: 'Directory of PEM files with the certificate authorities to trust.',
    },
    {
      name: 'client-cert',
      type: 'string',
      env: 'CLIENT_CERT',
      emptyIsUnset: true,
      description: 'PEM file with the certificate to show to the controller. Needs -client-key.',
    },
    {
      name: 'client-key',
      type: 'string',
      env: 'CLIENT_KEY',
      emptyIsUnset: true,
      description: 'PEM file with the private key of -client-cert.',
    },
    {
      name: 'tls-server-name',
      type: 'string',
      env: 'TLS_SERVER_NAME',
      emptyIsUnset: true,
      description: 'Name to ask for and to expect in the certificate of the controller.',
    },
    {
      name: 'tls-insecure',
      type: 'bool',
      env: 'TLS_INSECURE',
      description: 'Accept any certificate of the controller. Anybody on the way can then read and change everything.',
    },
  ],
} as const satisfies FlagGroup;

export const KEYRING_TYPE = {
  name: 'keyring-type',
  type: 'string',
  default: 'auto',
  env: 'KEYRING_TYPE',
  choices: ['auto', 'file', 'none', 'wincred', 'keychain', 'pass', 'secret-service'],
  description:
    'Where tokens are kept: "auto", "none", "file", "pass", "secret-service", "keychain" or "wincred". "auto" takes the ' +
    'store of the operating system and falls back to a file that only its owner can read.',
} as const satisfies Flag;

export const TOKEN_NAME = {
  name: 'token-name',
  type: 'string',
  env: 'TOKEN_NAME',
  description: 'Name of the token in the keyring, for more than one login at a time. "default" when absent.',
} as const satisfies Flag;

export const CLIENT = {
  title: 'Client Options',
  flags: [
    TOKEN_NAME,
    KEYRING_TYPE,
    {
      name: 'token',
      type: 'string',
      description:
        'Where to find the token for this call: "env://NAME" or "file://PATH". The keyring is then not used.',
    },
    OTHER_ADDRESS,
    CLEAR_TEXT,
    {
      name: 'recovery-config',
      type: 'string',
      env: 'RECOVERY_CONFIG',
      description:
        'JSON configuration file with a "kms" block of purpose "recovery": its key stands for a login that may do everything.',
    },
    {
      name: 'output-curl-string',
      type: 'bool',
      description: 'Print the curl command that makes the same call, and send nothing.',
    },
    {
      name: 'skip-cache-daemon',
      type: 'bool',
      env: 'SKIP_CACHE_DAEMON',
      description: 'Start no cache. Only "search" starts one, so that the flag changes nothing elsewhere.',
    },
    {
      name: 'output-client-agent-cli-error',
      type: 'bool',
      env: 'CLIENT_AGENT_CLI_ERROR_OUTPUT',
      description: 'Accepted so that scripts keep working. There is no client agent.',
    },
  ],
} as const satisfies FlagGroup;

export const FORMAT = {
  name: 'format',
  type: 'string',
  default: 'table',
  env: 'CLI_FORMAT',
  choices: ['table', 'json'],
  description: 'Format of the output: "table" or "json".',
} as const satisfies Flag;

export const OUTPUT = { title: 'Output Options', flags: [FORMAT] } as const satisfies FlagGroup;

const API = [CONNECTION, CLIENT, OUTPUT] as const;

type ApiFlag = FlagsIn<typeof API>;

/** The values that a command which calls the controller gets, with flags of its own. */
export type ApiContext<F extends Flag = never> = Context<Args<ApiFlag> & Args<F>>;

/** What every command that calls the controller takes, before its own flags. */
export const apiFlags = <const F extends readonly Flag[]>(...flags: F): readonly FlagGroup<ApiFlag | F[number]>[] => [
  ...API,
  ...(flags.length === 0 ? [] : [{ title: 'Command Options', flags }]),
];

export const VERSION = {
  name: 'version',
  type: 'uint',
  default: '0',
  description: 'Version that the change is based on. Read first, then sent, when 0.',
} as const satisfies Flag;

export const FILTER = {
  name: 'filter',
  type: 'string',
  description:
    'Expression over /item/... that leaves out what does not match, such as \'"/item/type" == "tcp"\'. Sent as it is.',
} as const satisfies Flag;

export const RECURSIVE = {
  name: 'recursive',
  type: 'bool',
  description: 'List the scopes below as well.',
} as const satisfies Flag;
