import type { AsJson } from '../../lib/rpc/as-json';
import type { CredentialLibrary } from '../../proto/gen/api/credential_libraries';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  rows,
  scopeSection,
  type Presenter,
  type Section,
} from './table';

const NAMES = {
  path: 'Path',
  http_method: 'HTTP Method',
  http_request_body: 'HTTP Request Body',
  username: 'Username',
  key_type: 'Key Type',
  key_bits: 'Key Bits',
  ttl: 'TTL',
  key_id: 'Key ID',
  critical_options: 'Critical Options',
  extensions: 'Extensions',
};

export const credentialLibraries: Presenter<AsJson<CredentialLibrary>> = {
  list: {
    title: 'Credential Library',
    none: 'No credential library found',
    fields: (library) => ({
      Version: library.version,
      Type: library.type,
      'Credential Type': library.credential_type,
      Name: library.name,
      Description: library.description,
    }),
  },
  item: (library) => {
    const attributes = attributeFields(library, NAMES);
    return itemTable(
      'Credential Library',
      { ...commonFields(library), 'Credential Store ID': library.credential_store_id, Type: library.type },
      [
        scopeSection(library),
        actionsSection(library),
        attributesSection(attributes),
        credentialTypeSection(library),
        mappingSection(library),
      ],
      attributes,
    );
  },
};

const credentialTypeSection =
  (library: AsJson<CredentialLibrary>): Section =>
  () =>
    (library.credential_type ?? '') === '' ? [] : ['', '  Credential Type:', `    ${library.credential_type}`];

const mappingSection =
  (library: AsJson<CredentialLibrary>): Section =>
  (column) => {
    const overrides = (library.credential_mapping_overrides ?? {}) as Record<string, string>;
    if (Object.keys(overrides).length === 0) return [];
    return ['  Credential Mapping Overrides:', ...rows(4, overrides, column)];
  };
