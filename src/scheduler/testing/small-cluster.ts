// The smallest clusters that a rule decides, in XML, and what is decided there.

import { parseXml, type XmlElement } from '../../cib/index.ts';
import { formatScoreLine } from '../assignment/listing.ts';
import { formatGraph } from '../graph/graph-xml.ts';
import { schedule } from '../schedule.ts';

export const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
export const digest = 'f2317cad3d54cec5d7d7aa7d0bf35cf8';

export type Sketch = {
  /** `n1` and `n2` unless it says otherwise. */
  readonly nodes?: readonly string[];
  readonly options?: string;
  readonly resources: string;
  readonly constraints?: string;
  /** Histories by node: `n1`, `n2`. */
  readonly histories?: Readonly<Record<string, string>>;
  readonly tickets?: string;
  /** `rsc_defaults` and `op_defaults`. */
  readonly defaults?: string;
  /** Sets of transient attributes by node. */
  readonly attributes?: Readonly<Record<string, string>>;
};

export function decided(sketch: Sketch) {
  const result = schedule({ cib: documentOf(sketch), now, reasons: false });
  const graph = formatGraph(result);
  return {
    graph,
    scores: [...result.scores.lines()].map(formatScoreLine),
    actions: [
      ...graph.matchAll(/<(?:rsc_op|crm_event) id="\d+" operation="\S+" operation_key="(\S+)" on_node="(\S+?)"[^/]*>/g),
    ].map(([, key, node]) => `${key} ${node}`),
  };
}

export function documentOf(sketch: Sketch): XmlElement {
  const { options = '', resources, constraints = '', defaults = '', histories = {}, tickets = '' } = sketch;
  const nodes = sketch.nodes ?? ['n1', 'n2'];
  const states = nodes.map(
    (name) => `<node_state id="${name}" uname="${name}" in_ccm="true" crmd="online" join="member" expected="member">
      <transient_attributes id="${name}">${sketch.attributes?.[name] ?? ''}</transient_attributes>
      <lrm id="${name}"><lrm_resources>${histories[name] ?? ''}</lrm_resources></lrm></node_state>`,
  );
  const parsed = parseXml(`<cib have-quorum="1" validate-with="pacemaker-4.0"><configuration>
    <crm_config><cluster_property_set id="options">${options}</cluster_property_set></crm_config>
    <nodes>${nodes.map((name) => `<node id="${name}" uname="${name}"/>`).join('')}</nodes>
    <resources>${resources}</resources><constraints>${constraints}</constraints>${defaults}</configuration>
    <status>${tickets}${states.join('')}</status></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.what);
  return parsed.value;
}

export function option(name: string, value: string): string {
  return `<nvpair id="o-${name}" name="${name}" value="${value}"/>`;
}

export function dummy(id: string, meta: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(meta).map(
    ([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`,
  );
  return `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy">
    <meta_attributes id="${id}-meta">${pairs.join('')}</meta_attributes></primitive>`;
}

export type Operation = {
  readonly task: string;
  readonly code: number;
  readonly expected: number;
  readonly changed?: number;
};

export function history(id: string, { task, code, expected, changed = now.epochSeconds - 10_000 }: Operation): string {
  const key = `1:1:${expected}:a`;
  return `<lrm_resource id="${id}" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="${id}_last_0"
    operation="${task}" operation_key="${id}_${task}_0" interval="0" call-id="2" op-status="0" rc-code="${code}"
    transition-key="${key}" transition-magic="0:${code};${key}" last-rc-change="${changed}" op-digest="${digest}"/></lrm_resource>`;
}

export const withoutFencing = option('fencing-enabled', 'false');
export const running = { task: 'start', code: 0, expected: 0 };
