import type { TransitionView } from '../../../api/index.ts';
import { formatDuration } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show as print } from '../../cluster/session.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';
import { transitionRow } from './list.ts';
import { inputOf, recordedAs } from './record.ts';

type Actions = TransitionView['actions'];

/** As they were begun; those that never were come last. */
function byTurn(actions: Actions): Actions {
  const turn = ({ startedMs }: Actions[number]) => startedMs ?? Number.POSITIVE_INFINITY;
  return [...actions].sort((left, right) => (turn(left) === turn(right) ? 0 : turn(left) - turn(right)));
}

type ShowFlags = AnswerFlags & { readonly input: boolean };

export async function show({ input, ...flags }: ShowFlags, text: string): Promise<void> {
  const { client } = new ClusterSession();
  const transition = recordedAs(text, await client.history());
  if (input) return void process.stdout.write(await inputOf(client, transition));
  const style = styleFor(process.stdout);
  print(flags, transition, () => [
    ...alignedRows([transitionRow(transition, style)], 0),
    ...alignedRows(
      byTurn(transition.actions).map(({ what, node, startedMs, durationMs, result, reason }) => [
        { text: startedMs === undefined ? '' : `+${formatDuration(startedMs)}`, style: style.quiet },
        what,
        node,
        durationMs === undefined ? '' : formatDuration(durationMs),
        result,
        { text: reason ?? '', style: style.quiet },
      ]),
    ),
  ]);
}
