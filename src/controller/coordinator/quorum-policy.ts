// What a partition without quorum may run under `no-quorum-policy=freeze`, so that nothing runs twice.
import {
  childAt,
  type Instant,
  parseBoolean,
  replaceElement,
  rewriteElements,
  type XmlElement,
} from '../../cib/index.ts';
import { clusterOptionsOf } from '../document/query.ts';
import { applyStatus, type NodeName } from '../document/status.ts';

export type Decided = {
  /** The document to decide by. */
  readonly document: XmlElement;
  readonly warning: string | undefined;
};

/**
 * `freeze` lets a partition without quorum go on with what it runs. That is right as long as the others must fence its
 * nodes before they take anything over. Without fencing they take over when the quorum lease is over: then `freeze` means
 * `stop`. And nobody fences a node that no majority knows of (`strangers`): nothing is moved there.
 */
export function decidedBy(cib: XmlElement, now: Instant, strangers: readonly NodeName[]): Decided {
  const unchanged = { document: cib, warning: undefined };
  if (parseBoolean(cib.get('have-quorum')) !== false) return unchanged;
  const options = clusterOptionsOf(cib, now);
  if (options.get('no-quorum-policy')?.toLowerCase() !== 'freeze') return unchanged;
  const fences = ['stonith-enabled', 'fencing-enabled'].every((name) => parseBoolean(options.get(name)) ?? true);
  if (!fences) return { document: withStop(cib), warning: freezeNeedsFencing };
  if (strangers.length === 0) return unchanged;
  const names = strangers.map(({ name }) => name).join(', ');
  return {
    document: strangers.reduce(withStandby, cib),
    warning: `nothing is moved to ${names} before there is quorum: nobody would fence what no majority knows of`,
  };
}

const freezeNeedsFencing =
  'no-quorum-policy is freeze, which needs fencing: without it everything is stopped here, because others may take it over';

function withStop(cib: XmlElement): XmlElement {
  const section = childAt(cib, 'configuration', 'crm_config');
  const stopping = section === undefined ? undefined : rewriteElements(section, stoppingPolicy);
  return section === undefined || stopping === undefined ? cib : replaceElement(cib, section, stopping);
}

function stoppingPolicy(element: XmlElement): XmlElement {
  const isPolicy = element.name === 'nvpair' && element.get('name') === 'no-quorum-policy';
  return isPolicy ? element.with({ value: 'stop' }) : element;
}

function withStandby(cib: XmlElement, node: NodeName): XmlElement {
  return applyStatus(cib, { kind: 'attribute', node, name: 'standby', value: 'on' });
}
