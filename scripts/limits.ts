/** Writes docs/limits.md from the limits that the source declares. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limitsDocument } from '../test/tidy/limits-document';

writeFileSync(join(__dirname, '../docs/limits.md'), limitsDocument());
