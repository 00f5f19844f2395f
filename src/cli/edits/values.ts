// Scores, durations and NAME=VALUE words as they are typed.
import { parseIntervalMs, parseScore } from '../../cib/index.ts';
import { CommandFailure } from '../../kit/index.ts';

/** The score as the document holds it. @throws CommandFailure `usage` */
export function scoreText(text: string): string {
  if (parseScore(text) !== undefined && /^[+-]?(\d+|INFINITY)$/.test(text)) return text.replace(/^\+/, '');
  const fix = 'Write a whole number, INFINITY or -INFINITY';
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no score`, fix });
}

/** `NAME=VALUE`, in the order given; a name twice is a mistake. @throws CommandFailure `usage` */
export function pairsOf(words: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new CommandFailure({ kind: 'usage', what: `'${word}' has no value`, fix: `Write ${word}=VALUE` });
    const name = word.slice(0, at);
    if (pairs.has(name)) throw new CommandFailure({ kind: 'usage', what: `'${name}' is given twice` });
    pairs.set(name, word.slice(at + 1));
  }
  return pairs;
}

/** @throws CommandFailure `usage` */
export function durationMs(text: string, what: string): number {
  const parsed = parseIntervalMs(text);
  if (parsed !== undefined) return parsed;
  const fix = 'Write it as in 10s, 200ms or 5min';
  throw new CommandFailure({ kind: 'usage', what: `${what}: '${text}' is no duration`, fix });
}
