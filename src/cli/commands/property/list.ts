import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { propertiesOf } from '../../edits/property.ts';
import { alignedRows } from '../../terminal/columns.ts';

export async function list(flags: AnswerFlags): Promise<void> {
  const properties = propertiesOf(await new ClusterSession().document());
  show(flags, Object.fromEntries(properties), () => alignedRows([...properties], 0));
}
