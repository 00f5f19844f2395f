// The two ways in which lists are kept in order. A few comparisons are not transitive, so the algorithm itself is part of
// the behaviour: others would be just as stable and still decide differently.

/** Merge sort that cuts in the middle (the left part gets the smaller half); equal elements keep their order. */
export function mergeSort<T>(list: readonly T[], compare: (a: T, b: T) => number): T[] {
  if (list.length < 2) return [...list];
  const middle = Math.floor(list.length / 2);
  return merged(mergeSort(list.slice(0, middle), compare), mergeSort(list.slice(middle), compare), compare);
}

function merged<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): T[] {
  const result: T[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [a, b] = [left[i] as T, right[j] as T];
    if (compare(a, b) <= 0) {
      result.push(a);
      i += 1;
    } else {
      result.push(b);
      j += 1;
    }
  }
  while (i < left.length) result.push(left[i++] as T);
  while (j < right.length) result.push(right[j++] as T);
  return result;
}

/** As `mergeSort`, within the list. */
export function sortInPlace<T>(list: T[], compare: (a: T, b: T) => number): void {
  list.splice(0, list.length, ...mergeSort(list, compare));
}

/** Puts `element` before the first that is not less: of equals, the newest comes first. */
export function insertSorted<T>(list: T[], element: T, compare: (a: T, b: T) => number): void {
  const index = list.findIndex((existing) => compare(element, existing) <= 0);
  list.splice(index < 0 ? list.length : index, 0, element);
}
