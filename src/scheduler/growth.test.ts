// How the work of a run grows with the cluster, counted and not timed: actions, relations between them, and evaluations of
// relations. Probes alone are nodes × resources, so that product is what near-linear means.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XmlElement, xmlElement } from '../cib/index.ts';
import { pairwise } from './actions/relation.ts';
import { schedule } from './schedule.ts';

type Size = { readonly nodes: number; readonly groups: number };

/** Groups of four, chained by order; nothing runs, or each group runs on the node of its turn. */
function chainedGroups({ nodes, groups }: Size, state: 'stopped' | 'running'): XmlElement {
  const all = Array.from({ length: groups }, (_, index) => index);
  const members = (group: number) => [0, 1, 2, 3].map((member) => `r${group}-${member}`);
  const agent = { class: 'ocf', provider: 'pacemaker', type: 'Dummy' };
  const record = (id: string) =>
    xmlElement('lrm_resource', { id, ...agent }, [
      xmlElement('lrm_rsc_op', {
        id: `${id}_last_0`,
        operation: 'start',
        operation_key: `${id}_start_0`,
        'call-id': '1',
        'rc-code': '0',
        'op-status': '0',
        interval: '0',
      }),
    ]);
  const states = Array.from({ length: nodes }, (_, node) => {
    const here = state === 'stopped' ? [] : all.filter((group) => group % nodes === node).flatMap(members);
    const attributes = { id: `${node}`, uname: `n${node}`, in_ccm: 'true', crmd: 'online', join: 'member' };
    return xmlElement('node_state', { ...attributes, expected: 'member' }, [
      xmlElement('lrm', { id: `${node}` }, [xmlElement('lrm_resources', {}, here.map(record))]),
    ]);
  });
  return xmlElement('cib', { 'have-quorum': '1' }, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config', {}, [
        xmlElement('cluster_property_set', { id: 'options' }, [
          xmlElement('nvpair', { id: 'fencing', name: 'fencing-enabled', value: 'false' }),
        ]),
      ]),
      xmlElement(
        'nodes',
        {},
        states.map(({ id = '' }) => xmlElement('node', { id, uname: `n${id}` })),
      ),
      xmlElement(
        'resources',
        {},
        all.map((group) =>
          xmlElement(
            'group',
            { id: `g${group}` },
            members(group).map((id) => xmlElement('primitive', { id, ...agent })),
          ),
        ),
      ),
      xmlElement(
        'constraints',
        {},
        all
          .slice(1)
          .map(
            (group) => new XmlElement('rsc_order', ['id', `o${group}`, 'first', `g${group - 1}`, 'then', `g${group}`]),
          ),
      ),
    ]),
    xmlElement('status', {}, states),
  ]);
}

type Work = { readonly actions: number; readonly relations: number; readonly evaluations: number };

function workOf(size: Size, state: 'stopped' | 'running'): Work {
  const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
  const { plan } = schedule({ cib: chainedGroups(size, state), now, reasons: false });
  const relations = plan.actions.reduce((sum, { befores }) => sum + pairwise(befores).length, 0);
  return { actions: plan.actions.length, relations, evaluations: plan.evaluations };
}

for (const state of ['stopped', 'running'] as const) {
  test(`work grows no faster than nodes times resources, with everything ${state}`, () => {
    const small = workOf({ nodes: 4, groups: 20 }, state);
    const large = workOf({ nodes: 8, groups: 80 }, state);
    const growthMax = (8 * 80) / (4 * 20);
    for (const measure of ['actions', 'relations', 'evaluations'] as const) {
      const growth = large[measure] / small[measure];
      assert.ok(small[measure] > 0 && growth <= growthMax * 1.1, `${measure}: ${JSON.stringify({ small, large })}`);
    }
  });
}
