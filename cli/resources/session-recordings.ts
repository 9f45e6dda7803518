import { SCOPE, type Resource } from '../core/resource';
import { sessionRecordings as presenter } from '../output/session-recordings';

export const sessionRecordings = {
  singular: 'session recording',
  plural: 'session recordings',
  message: 'SessionRecording',
  messages: 'SessionRecordings',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/session_recordings')).SessionRecordingServiceDefinition,
} satisfies Resource;
