/**
 * Environment variables of the CLI: `SALLYPORT_X` takes precedence over `BOUNDARY_X`. An empty
 * variable counts as not set.
 */
export const environment = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  env[`SALLYPORT_${name}`] || env[`BOUNDARY_${name}`] || undefined;
