import { resolveIndirect } from './indirect';
import { bareEnvironment, withoutSecrets } from './variables';

test('programs of the user inherit neither secrets of ours nor what env:// was read from', () => {
  const env = {
    SALLYPORT_TOKEN: 'a',
    BOUNDARY_TOKEN: 'a',
    BOUNDARY_CONNECT_AUTHZ_TOKEN: 'a',
    SALLYPORT_AUTHENTICATE_PASSWORD_PASSWORD: 'a',
    SALLYPORT_DEV_PASSWORD: 'a',
    SALLYPORT_DEV_UNPRIVILEGED_PASSWORD: 'a',
    SALLYPORT_DEV_RECOVERY_KEY: 'a',
    BOUNDARY_DEV_DATABASE_URL: 'a',
    MINE: 'a',
    SALLYPORT_TOKEN_NAME: 'kept',
    SALLYPORT_KEYRING_TYPE: 'kept',
    SALLYPORT_AUTHENTICATE_PASSWORD_LOGIN_NAME: 'kept',
    SALLYPORT_ADDR: 'kept',
    SALLYPORT_CLIENT_KEY: 'kept',
    PGPASSWORD: 'kept',
  };
  expect(withoutSecrets(env)).toHaveProperty('MINE');
  expect(resolveIndirect('env://MINE', env)).toBe('a');
  const kept = withoutSecrets(env);
  expect(new Set(Object.values(kept))).toEqual(new Set(['kept']));
  expect(Object.keys(kept)).toHaveLength(6);
});

test('parts of a deployment inherit nothing but what programs need to run', () => {
  const needed = { PATH: '/bin', HOME: '/h', TZ: 'UTC', LC_ALL: 'C', NODE_EXTRA_CA_CERTS: '/ca', LD_PRELOAD: '/l' };
  const others = { SALLYPORT_TOKEN: 'a', DATABASE_URL: 'a', PGPASSWORD: 'a', PGDATA: 'a', AWS_SECRET_ACCESS_KEY: 'a' };
  expect(bareEnvironment({ ...needed, ...others, FAKETIME: '+1s', NO_FAKE_STAT: '1' })).toEqual({
    ...needed,
    FAKETIME: '+1s',
    NO_FAKE_STAT: '1',
  });
});
