/** Environment variables of the CLI: `SALLYPORT_X` wins over `BOUNDARY_X`; an empty variable is as good as none. */
export const environment = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  env[`SALLYPORT_${name}`] || env[`BOUNDARY_${name}`] || undefined;

/** Variables that hold a secret of the user: a token of a login, or of a session. */
const SECRETS = ['TOKEN', 'CONNECT_AUTHZ_TOKEN'].flatMap((name) => [`SALLYPORT_${name}`, `BOUNDARY_${name}`]);

/**
 * The environment for a program that needs no token: without the variables of tokens, and without the one that
 * `-token env://NAME` names.
 */
export function withoutTokens(env: NodeJS.ProcessEnv, reference = ''): NodeJS.ProcessEnv {
  const hidden = new Set(SECRETS);
  if (reference.startsWith('env://')) hidden.add(reference.slice('env://'.length));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}
