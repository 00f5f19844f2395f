// What a partition without quorum may keep running when nobody would fence it.
import {
  childAt,
  type Instant,
  parseBoolean,
  replaceElement,
  rewriteElements,
  type XmlElement,
} from '../../cib/index.ts';
import { clusterOptionsOf } from '../document/query.ts';

/**
 * The document to decide by. `freeze` lets a partition without quorum go on with what it runs, which is right as long as
 * the others must fence it before they take anything over. Without fencing they take over when the quorum lease is over:
 * then `freeze` means `stop`.
 */
export function decidedBy(cib: XmlElement, now: Instant): XmlElement {
  if (parseBoolean(cib.get('have-quorum')) !== false) return cib;
  const options = clusterOptionsOf(cib, now);
  const fences = ['stonith-enabled', 'fencing-enabled'].every((name) => parseBoolean(options.get(name)) ?? true);
  if (fences || options.get('no-quorum-policy')?.toLowerCase() !== 'freeze') return cib;
  const section = childAt(cib, 'configuration', 'crm_config');
  const stopping = section === undefined ? undefined : rewriteElements(section, withStop);
  return section === undefined || stopping === undefined ? cib : replaceElement(cib, section, stopping);
}

function withStop(element: XmlElement): XmlElement {
  const isPolicy = element.name === 'nvpair' && element.get('name') === 'no-quorum-policy';
  return isPolicy ? element.with({ value: 'stop' }) : element;
}
