// What the recorded suite keeps of a run beside its summary, in a form in which both generations write it: scores, the
// numbered graph, the picture of it.

/** Without what instances that run nowhere are worth: 0 in 2.1.5, minus infinity since. */
export function exactScores(text: string): string {
  return text
    .replace(/promotion score (?:on none|\(inactive\)): .*/g, 'promotion score of one that is inactive')
    .replace(/pcmk__(\w+)_allocate/g, 'pcmk__$1_assign')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .toSorted()
    .join('\n');
}

export function exactGraph(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/ (crm_feature_set|batch-limit|CRM_meta_on_fail)="[^"]*"/g, ''))
    .map((line) => (line.startsWith('<transition_graph') ? '<transition_graph>' : line))
    .map((line) => (line.includes('CRM_meta_stonith_action') ? '<attributes/>' : line))
    .filter((line) => line !== '')
    .join('\n');
}

export function exactDot(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  return [...new Set(lines)].toSorted().join('\n');
}
