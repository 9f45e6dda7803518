import type { AsJson } from '../../lib/rpc/as-json';
import type { CredentialStore } from '../../proto/gen/api/credential_stores';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  collectionActionsSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
} from './table';

const NAMES = {
  address: 'Address',
  namespace: 'Namespace',
  ca_cert: 'CA Cert',
  tls_server_name: 'TLS Server Name',
  tls_skip_verify: 'Skip TLS Verification',
  token_hmac: 'Token HMAC',
  token_status: 'Token Status',
  client_certificate: 'Client Certificate',
  client_certificate_key_hmac: 'Client Certificate Key HMAC',
  worker_filter: 'Worker Filter',
};

export const credentialStores: Presenter<AsJson<CredentialStore>> = {
  list: {
    title: 'Credential Store',
    none: 'No credential store found',
    fields: (store) => ({
      Version: store.version,
      Type: store.type,
      Name: store.name,
      Description: store.description,
    }),
  },
  item: (store) => {
    const attributes = attributeFields(store, NAMES);
    return itemTable(
      'Credential Store',
      { ...commonFields(store), Type: store.type },
      [
        scopeSection(store),
        actionsSection(store),
        collectionActionsSection('Credential Store', store),
        attributesSection(attributes),
      ],
      attributes,
    );
  },
};
