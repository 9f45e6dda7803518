/**
 * How much of what can be done for any time is done: 1 in the default run, more with
 * `SALLYPORT_SOAK=20 npx jest FILE`.
 */
export const SOAK = Math.max(1, Number(process.env['SALLYPORT_SOAK'] ?? 1));
