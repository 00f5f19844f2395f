import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';
import { localTime } from '../events/events.ts';

export async function history(flags: AnswerFlags, node: string | undefined): Promise<void> {
  const all = await new ClusterSession().client.fencing();
  const found = node === undefined ? all : all.filter(({ target }) => target === node);
  const { quiet, good, bad } = styleFor(process.stdout);
  show(flags, found, () =>
    alignedRows(
      found.map(({ at, target, action, by, device, failure }) => [
        { text: localTime(at), style: quiet },
        target,
        action,
        failure === null ? { text: 'done', style: good } : { text: 'failed', style: bad },
        device === '' ? 'by no device' : `by ${device}`,
        `for ${by}${failure === null ? '' : `: ${failure}`}`,
      ]),
      0,
    ),
  );
}
