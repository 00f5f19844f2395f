// Placement by capacity where nodes are equally good.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decided, option, withoutFencing } from '../testing/small-cluster.ts';

function needing(id: string, name: string, amount: number): string {
  return `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy"><utilization id="${id}-u">
    <nvpair id="${id}-n" name="${name}" value="${amount}"/></utilization></primitive>`;
}

test('where none has room for all that belongs together, the first node of the table is the most capable of equals', () => {
  const placed = (nodes: readonly string[]) =>
    decided({
      nodes,
      options: withoutFencing + option('placement-strategy', 'utilization'),
      resources: needing('a', 'cpu', 0) + needing('b', 'memory', 1),
      constraints: '<rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/>',
    }).actions.filter((each) => each.startsWith('a_start'));
  // Their slots are 1, 3 and 2 for `1`, `2` and `3`, as these names are ids too (1 §21.7).
  assert.deepEqual(placed(['2', '3']), ['a_start_0 3']);
  assert.deepEqual(placed(['1', '2']), ['a_start_0 1']);
});
