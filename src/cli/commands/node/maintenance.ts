import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { nodeAttributeEdits } from '../../edits/node.ts';

export async function maintenance(flags: ChangeFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: nodeAttributeEdits(document, node, new Map([['maintenance', 'true']])),
    done: `${node} is in maintenance: what runs there runs on, and is not watched, until: haven node unmaintenance ${node}`,
    unchanged: `${node} was in maintenance already`,
  });
}

export async function unmaintenance(flags: ChangeFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: nodeAttributeEdits(document, node, new Map([['maintenance', undefined]])),
    done: `${node} is watched again`,
    unchanged: `${node} was not in maintenance`,
  });
}
