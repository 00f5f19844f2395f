import type { ResourceView } from '../../../api/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { banEdits, clearEdits, moveEdits } from '../../edits/move.ts';

export async function move(flags: ChangeFlags, id: string, node: string | undefined): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const nodes = node === undefined ? await placesOf(session, id) : [];
  const edits = node === undefined ? banEdits(document, id, nodes) : moveEdits(document, id, node);
  const where = node === undefined ? `moves away from ${nodes.join(', ')}` : `moves to ${node}`;
  const done = `${id} ${where}, and stays so until: haven resource clear ${id}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

type ClearFlags = ChangeFlags & { readonly node?: string };

export async function clear({ node, ...flags }: ClearFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: clearEdits(document, id, node),
    done: `the cluster chooses the node of ${id} again`,
    unchanged: `${id} had not been moved by hand`,
  });
}

async function placesOf(session: ClusterSession, id: string): Promise<readonly string[]> {
  const { resources } = await session.client.status();
  return findResource(resources, id)?.nodes ?? [];
}

function findResource(resources: readonly ResourceView[], id: string): ResourceView | undefined {
  for (const resource of resources) {
    const found = resource.id === id ? resource : findResource(resource.children, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
