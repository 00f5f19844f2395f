import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { startEdits, stopEdits, stoppedAround } from '../../edits/meta.ts';

export async function start(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = startEdits(document, id);
  const around = stoppedAround(document, id);
  const note =
    around === undefined ? '' : `, but ${around}, which it is in, is stopped: haven resource start ${around}`;
  const unchanged = `${id} was allowed to run already${note}`;
  await session.change(flags, { document, edits, done: `${id} may run again${note}`, unchanged });
}

export async function stop(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = stopEdits(document, id);
  const unchanged = `${id} was stopped already`;
  await session.change(flags, { document, edits, done: `${id} is to be stopped and to stay so`, unchanged });
}
