/**
 * Services of Boundary's enterprise edition. They are in the API so that its clients get a clear
 * answer: every call is refused, whoever makes it.
 */
import { ApiError } from '../../../lib/errors/errors';
import { PolicyServiceDefinition } from '../../../proto/gen/api/policies';
import { SessionRecordingServiceDefinition } from '../../../proto/gen/api/session_recordings';
import { StorageBucketServiceDefinition } from '../../../proto/gen/api/storage_buckets';
import type { Service, ServiceDefinition } from '../rpc/service';

export const enterpriseServices = (): Service[] => [
  refusing(PolicyServiceDefinition, 'Policies'),
  refusing(StorageBucketServiceDefinition, 'storage buckets'),
  refusing(SessionRecordingServiceDefinition, 'session recordings'),
];

/** A service whose methods all refuse. */
function refusing(definition: ServiceDefinition, what: string): Service {
  const refuse = () => Promise.reject(new ApiError('Unimplemented', `${what} are an Enterprise-only feature`));
  return { definition, handlers: Object.fromEntries(Object.keys(definition.methods).map((name) => [name, refuse])) };
}
