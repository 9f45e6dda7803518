/** What the start of a jest run hands to its end. */
import type { EmbeddedPostgres } from '../../services/dev/embedded-postgres';

export type HarnessState = typeof globalThis & { sallyportTestServer?: { postgres: EmbeddedPostgres; dir: string } };

export const TEMPLATE_DATABASE = 'sallyport_template';
