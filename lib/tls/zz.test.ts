import { createSessionCertificate } from './session-certificate';
import { encodeBase58 } from '../ids/base58';
import { newEd25519 } from './keys';
import { newId } from '../ids/ids';
import { randomBytes } from 'node:crypto';
const bench = (name: string, f: () => void) => { for (let i=0;i<300;i++) f(); const c=process.cpuUsage(); for (let i=0;i<500;i++) f(); const d=process.cpuUsage(c); console.log(name, (d.user+d.system)/500/1000); };
test('x', () => {
  const input = { sessionId: 's_1234567890', workerHosts: ['10.0.0.1'], now: new Date(), expiration: new Date(Date.now()+1e6) };
  bench('cert', () => createSessionCertificate(input));
  bench('key', () => newEd25519());
  const b = randomBytes(750);
  bench('base58', () => encodeBase58(b));
  bench('id', () => newId('s'));
});
