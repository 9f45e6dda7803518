import type { AsJson } from '../../lib/rpc/as-json';
import type { Credential } from '../../proto/gen/api/credentials';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
} from './table';

const NAMES = {
  username: 'Username',
  password_hmac: 'Password HMAC',
  domain: 'Domain',
  private_key_hmac: 'Private Key HMAC',
  private_key_passphrase_hmac: 'Private Key Passphrase HMAC',
};

export const credentials: Presenter<AsJson<Credential>> = {
  list: {
    title: 'Credential',
    none: 'No credentials found',
    fields: (credential) => ({
      Version: credential.version,
      Type: credential.type,
      Name: credential.name,
      Description: credential.description,
    }),
  },
  item: (credential) => {
    const attributes = attributeFields(credential, NAMES);
    return itemTable(
      'Credential',
      { ...commonFields(credential), 'Credential Store ID': credential.credential_store_id, Type: credential.type },
      [scopeSection(credential), actionsSection(credential), attributesSection(attributes)],
      attributes,
    );
  },
};
