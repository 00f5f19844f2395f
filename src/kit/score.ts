// Scores, as Pacemaker Explained defines them: integers clamped at ±1,000,000, which reads as infinity; -INFINITY wins.

export const INFINITY_SCORE = 1_000_000;

/** Sum with infinity: -INFINITY plus anything is -INFINITY, then INFINITY plus anything is INFINITY. */
export function addScores(a: number, b: number): number {
  if (a <= -INFINITY_SCORE || b <= -INFINITY_SCORE) return -INFINITY_SCORE;
  if (a >= INFINITY_SCORE || b >= INFINITY_SCORE) return INFINITY_SCORE;
  return clampScore(a + b);
}

export function clampScore(score: number): number {
  return Math.max(-INFINITY_SCORE, Math.min(INFINITY_SCORE, score));
}

/** `INFINITY`, `-INFINITY` or the number. */
export function formatScore(score: number): string {
  if (score >= INFINITY_SCORE) return 'INFINITY';
  if (score <= -INFINITY_SCORE) return '-INFINITY';
  return String(score);
}
