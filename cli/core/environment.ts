/** Environment variables of the CLI: `SALLYPORT_X` wins over `BOUNDARY_X`; a variable that is set to nothing is set. */
export function environment(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[`SALLYPORT_${name}`] ?? env[`BOUNDARY_${name}`];
}
