import { type AnswerFlags, ClusterSession } from '../../cluster/session.ts';

/** The daemon answers when it has begun; what it runs moves away first. */
export async function stop(flags: AnswerFlags): Promise<void> {
  const session = new ClusterSession();
  const { node } = await session.client.status();
  await session.command(flags, { kind: 'stop-node' }, `${node} moves away what it runs, and stops`);
}
