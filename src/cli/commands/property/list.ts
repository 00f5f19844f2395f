import { clusterOptionTypes } from '../../../cib/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { propertiesOf } from '../../edits/property.ts';
import { alignedRows } from '../../terminal/columns.ts';

type ListFlags = AnswerFlags & { readonly all: boolean };

export async function list({ all, ...flags }: ListFlags): Promise<void> {
  if (all) return show(flags, clusterOptionTypes, () => alignedRows(described(), 0));
  const properties = propertiesOf(await new ClusterSession().document());
  show(flags, Object.fromEntries(properties), () => alignedRows([...properties], 0));
}

/** Every option with what it takes; words are told apart by blanks. */
function described(): string[][] {
  return Object.entries(clusterOptionTypes).map(([name, type]) => [name, type.replaceAll('|', ' ')]);
}
