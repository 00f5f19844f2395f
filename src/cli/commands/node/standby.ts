import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { isInMaintenance, nodeAttributeEdits } from '../../edits/node.ts';

export async function standby(flags: ChangeFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: nodeAttributeEdits(document, node, new Map([['standby', 'on']])),
    done: `${node} is in standby: everything moves away from it`,
    unchanged: `${node} was in standby already`,
  });
}

export async function online(flags: ChangeFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: nodeAttributeEdits(document, node, new Map([['standby', undefined]])),
    done: `${node} may run resources again`,
    unchanged: isInMaintenance(document, node)
      ? `${node} was not in standby, but is in maintenance: haven node unmaintenance ${node}`
      : `${node} was not in standby`,
  });
}
