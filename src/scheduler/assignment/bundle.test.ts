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

test('what is inside a promotable bundle runs nowhere where the bundle it must be with does not', () => {
  const bundle = (id: string) => `<bundle id="${id}"><docker image="i" promoted-max="1"/><network control-port="3121"/>
    <primitive id="${id}-p" class="ocf" provider="pacemaker" type="Stateful"/></bundle>`;
  const promotion = (score: string) => {
    const constraints = `<rsc_colocation id="ab" rsc="a" with-rsc="b" score="${score}"/>
      <rsc_location id="b1" rsc="b" node="n1" score="-INFINITY"/><rsc_location id="b2" rsc="b" node="n2" score="-INFINITY"/>`;
    const { scores } = decided({ options: withoutFencing, resources: bundle('a') + bundle('b'), constraints });
    return scores.filter((line) => line.startsWith('a-p:0 promotion score'));
  };
  assert.deepEqual(promotion('INFINITY'), ['a-p:0 promotion score (inactive): -INFINITY']);
  assert.deepEqual(promotion('100'), ['a-p:0 promotion score on a-0: -1']);
});
