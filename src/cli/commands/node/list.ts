import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { styleFor } from '../../terminal/style.ts';
import { nodeRows } from '../status/nodes.ts';

export async function list(flags: AnswerFlags): Promise<void> {
  const { nodes } = await new ClusterSession().client.status();
  show(flags, nodes, () => nodeRows(nodes, { style: styleFor(process.stdout), indent: 0 }));
}
