/**
 * Environment variables of the CLI: `SALLYPORT_X` wins over `BOUNDARY_X`; an empty variable is as
 * good as none.
 */
export const environment = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  env[`SALLYPORT_${name}`] || env[`BOUNDARY_${name}`] || undefined;
