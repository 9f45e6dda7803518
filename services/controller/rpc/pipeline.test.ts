import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { openDb, row, rows, sql, type Db } from '../db/db';
import { toApiError } from './error-mapping';
import { createPipeline } from './pipeline';

const log = createLogger('test', { level: 'silent' });
