// Cluster options, in the set `cib-bootstrap-options` as crm_attribute(8) keeps them.
import { childAt, clusterOptionTypes, type XmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, nearest } from '../../kit/index.ts';
import { unknownName } from './names.ts';
import { pairEdits } from './nvset.ts';

const setName = 'cluster_property_set';
const setId = 'cib-bootstrap-options';

/** Sets options, and removes those whose value is undefined. @throws CommandFailure `not-found` for no option of the cluster */
export function propertyEdits(cib: XmlElement, pairs: ReadonlyMap<string, string | undefined>): Edit[] {
  for (const [name, value] of pairs) if (value !== undefined) assertOption(name);
  const owner = childAt(cib, 'configuration', 'crm_config');
  if (owner === undefined) throw new CommandFailure({ kind: 'config', what: 'the document has no <crm_config>' });
  return pairEdits({ owner, set: setName, setId }, pairs);
}

/** The options that are set, in the order of the document. */
export function propertiesOf(cib: XmlElement): Map<string, string> {
  const sets = childAt(cib, 'configuration', 'crm_config')?.childrenNamed(setName) ?? [];
  const pairs = sets.flatMap((set) => set.childrenNamed('nvpair'));
  return new Map(pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

function assertOption(name: string): void {
  if (Object.hasOwn(clusterOptionTypes, name)) return;
  const names = Object.keys(clusterOptionTypes);
  const what = `'${name}' is no cluster option`;
  const fix = 'Those that there are: haven property list --all';
  if (nearest(name, names) === undefined) throw new CommandFailure({ kind: 'not-found', what, fix });
  throw unknownName(what, name, names);
}
