import { formatDuration } from '../../../kit/index.ts';
import { type AnswerFlags, answer, ClusterSession } from '../../cluster/session.ts';

export type InviteFlags = AnswerFlags & { readonly for: number };

/** The token is the last line, and alone on it: for a person to copy and for a script to read. */
export async function invite(flags: InviteFlags): Promise<void> {
  const { token, endsAt } = await new ClusterSession().client.invite(flags.for);
  if (flags.json !== true) {
    process.stderr.write(`Good for one machine, for ${formatDuration(flags.for)}. On it, as root:\n`);
  }
  answer(flags, `haven cluster join ${token}`, { token, endsAt });
}
