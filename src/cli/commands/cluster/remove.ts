import { type AnswerFlags, ClusterSession } from '../../cluster/session.ts';

export async function remove(flags: AnswerFlags & { readonly force: boolean }, node: string): Promise<void> {
  const session = new ClusterSession();
  const done = `${node} is no node of the cluster any more. Constraints that name it stay`;
  await session.command(flags, { kind: 'remove-node', node, force: flags.force }, done);
}
