import { randomBytes } from 'node:crypto';
import { systemClock } from '../lib/clock/clock';
import { createLogger } from '../lib/log/log';
import { startController } from '../services/controller/main';
import { CONTROLLER_DEFAULTS } from '../services/controller/config';
import { openDb } from '../services/controller/db/db';
import { migrate } from '../services/controller/db/migrate';
import { createKms } from '../services/controller/kms/kms';
import { initialize } from '../services/controller/init/initialize';
import { devPlan } from '../services/controller/init/plan';
async function main() {
  const log = createLogger('c', { level: 'warn' });
  const url = `postgres://postgres@%2Ftmp%2Fleadpg:5999/${process.argv[2]}`;
  await migrate(url, log);
  const rootKey = { id: 'root', key: Buffer.alloc(32, 7) };
  const db = openDb({ url, log });
  await initialize(db, createKms({ rootKey }), devPlan({ idSuffix: '1234567890', secondaryIdSuffix: '0987654321', loginName: 'admin', password: 'password', unprivilegedLoginName: 'user', unprivilegedPassword: 'password', hostAddress: 'localhost', targetDefaultPort: 22, targetSessionMaxSeconds: 0, targetSessionConnectionLimit: -1, demo: { address: '127.0.0.1', port: 5999 } }), new Date());
  await db.close();
  const c = await startController({ name: 'c1', database: { url }, rootKey, api: { address: { host: '127.0.0.1', port: 9300 }, corsEnabled: true, corsAllowedOrigins: ['*'] }, cluster: { address: { host: '127.0.0.1', port: 9301 } }, ops: { address: { host: '127.0.0.1', port: 9303 } }, ...CONTROLLER_DEFAULTS }, { clock: systemClock, log });
  console.log('started', c.apiAddress);
}
main().catch((e) => { console.error(e); process.exit(1); });
