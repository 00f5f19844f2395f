// Bundles that are to be with each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decided, withoutFencing } from '../testing/small-cluster.ts';

function circle(replicas: number) {
  const bundle = (
    id: string,
  ) => `<bundle id="${id}"><docker image="i" replicas="${replicas}"/><network control-port="3121"/>
    <primitive id="${id}-p" class="ocf" provider="pacemaker" type="Dummy"/></bundle>`;
  return decided({
    options: withoutFencing,
    resources: bundle('a') + bundle('b'),
    constraints: `<rsc_colocation id="ab" rsc="a" with-rsc="b" score="INFINITY"/>
      <rsc_colocation id="ba" rsc="b" with-rsc="a" score="INFINITY"/>`,
  });
}

test('a bundle that is asked for while it is being assigned is assigned within itself: of two in a circle none starts', () => {
  const { scores, actions } = circle(2);
  const requests = scores.filter((line) => line.startsWith('pcmk__bundle_assign: a allocation score on n1:'));
  assert.ok(requests.length > 2);
  assert.ok(!actions.some((each) => /^[ab]-docker-\d_start/.test(each)));
});

test('a circle of bundles of many replicas is left after so many requests', () => {
  const requests = circle(20).scores.filter((line) =>
    line.startsWith('pcmk__bundle_assign: a allocation score on n1:'),
  );
  assert.ok(requests.length < 30);
});
