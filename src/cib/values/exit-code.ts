/** Exit codes of agents (OCF Resource Agent API 1.1, section 4), and what stands beside them in the history. */
export const ocfCodes = {
  0: 'ok',
  1: 'error',
  2: 'invalid parameter',
  3: 'unimplemented feature',
  4: 'insufficient privileges',
  5: 'not installed',
  6: 'not configured',
  7: 'not running',
  8: 'promoted',
  9: 'promoted (failed)',
  189: 'could not be executed',
  190: 'degraded',
  191: 'promoted (degraded)',
  193: 'unknown',
} as const satisfies Readonly<Record<number, string>>;

/** What an exit code means, in a word or two. */
export function exitCodeText(code: number): string {
  return code in ocfCodes ? ocfCodes[code as keyof typeof ocfCodes] : 'unknown';
}
