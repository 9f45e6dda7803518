import { workerFilter, type Field } from '../core/fields';
import { maybeIndirect } from '../core/indirect';

const CLEAR = 'The word null clears it.';

const field = (name: string, path: string, description: string): Field => ({
  flag: { name, type: 'string', description },
  path: `attributes.${path}`,
});

/** PEM may stand in a file. */
const pem = (name: string, path: string, what: string): Field => ({
  ...field(name, path, `${what}: PEM, file:// or env://. ${CLEAR}`),
  parse: (text, { io }) => maybeIndirect(text, io.env),
});

export const VAULT: Field[] = [
  field('vault-address', 'address', 'URL of the Vault.'),
  field('vault-namespace', 'namespace', `Namespace in the Vault. ${CLEAR}`),
  pem('vault-ca-cert', 'ca_cert', 'Certificate of the authority that the certificate of the Vault is checked against'),
  field('vault-tls-server-name', 'tls_server_name', `Name in the certificate of the Vault. ${CLEAR}`),
  {
    flag: { name: 'vault-tls-skip-verify', type: 'bool', description: 'Do not check the certificate of the Vault.' },
    path: 'attributes.tls_skip_verify',
  },
  field('vault-token', 'token', 'Token for the Vault: periodic, orphan and renewable.'),
  pem('vault-client-certificate', 'client_certificate', 'Client certificate, perhaps with its key'),
  pem('vault-client-certificate-key', 'client_certificate_key', 'Key of the client certificate'),
  {
    ...field('worker-filter', 'worker_filter', `Workers that call the Vault. ${CLEAR}`),
    parse: workerFilter,
  },
];
