import { createCommand, kinds } from '../../core/builders';
import { LENGTHS } from '../../resources/auth-method-fields';
import { authMethods } from '../../resources/auth-methods';
import { LDAP } from '../../resources/ldap-fields';
import { OIDC } from '../../resources/oidc-fields';

export const command = kinds('Create an auth method', {
  password: createCommand(authMethods, {
    kind: 'password',
    sendType: true,
    fields: LENGTHS,
    examples: ['auth-methods create password -scope-id o_1234567890 -name staff'],
  }),
  oidc: createCommand(authMethods, {
    kind: 'oidc',
    sendType: true,
    fields: OIDC,
    examples: [
      'auth-methods create oidc -scope-id o_1234567890 -issuer https://idp.example.org -client-id id ' +
        '-client-secret secret -signing-algorithm RS256 -api-url-prefix https://sallyport.example.org',
    ],
  }),
  ldap: createCommand(authMethods, {
    kind: 'ldap',
    sendType: true,
    fields: LDAP,
    examples: [
      'auth-methods create ldap -scope-id o_1234567890 -urls ldaps://ldap.example.org -user-dn ou=people,dc=example',
    ],
  }),
});
