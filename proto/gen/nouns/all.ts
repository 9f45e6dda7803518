// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

import { account } from './account';
import { alias } from './alias';
import { authMethod } from './auth-method';
import { authToken } from './auth-token';
import { billing } from './billing';
import { credential } from './credential';
import { credentialLibrary } from './credential-library';
import { credentialStore } from './credential-store';
import { group } from './group';
import { host } from './host';
import { hostCatalog } from './host-catalog';
import { hostSet } from './host-set';
import { managedGroup } from './managed-group';
import { policy } from './policy';
import { role } from './role';
import { scope } from './scope';
import { session } from './session';
import { sessionRecording } from './session-recording';
import { storageBucket } from './storage-bucket';
import { target } from './target';
import { user } from './user';
import { worker } from './worker';

/** All nouns, by type. */
export const NOUNS = {
  'account': account,
  'alias': alias,
  'auth-method': authMethod,
  'auth-token': authToken,
  'billing': billing,
  'credential': credential,
  'credential-library': credentialLibrary,
  'credential-store': credentialStore,
  'group': group,
  'host': host,
  'host-catalog': hostCatalog,
  'host-set': hostSet,
  'managed-group': managedGroup,
  'policy': policy,
  'role': role,
  'scope': scope,
  'session': session,
  'session-recording': sessionRecording,
  'storage-bucket': storageBucket,
  'target': target,
  'user': user,
  'worker': worker,
} as const;
