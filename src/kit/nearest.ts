// "Did you mean …?": the known name nearest to what was typed.

/**
 * The candidate nearest to `name` by Damerau-Levenshtein distance (restricted: adjacent transpositions cost one),
 * or undefined when nothing is near: more than a third of the longer name would have to change. Otherwise the one name that
 * begins with it.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  return nearestByDistance(name, names) ?? onlyBeginning(name, names);
}

/** Fewer letters begin too much. */
const beginningMin = 3;

function onlyBeginning(name: string, candidates: readonly string[]): string | undefined {
  if (name.length < beginningMin) return undefined;
  const [only, ...others] = candidates.filter((each) => each.toLowerCase().startsWith(name.toLowerCase()));
  return others.length === 0 ? only : undefined;
}

function nearestByDistance(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    if (Math.abs(name.length - candidate.length) > allowed) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
