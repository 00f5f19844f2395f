import type { TransitionView } from '../../../api/index.ts';
import { formatDuration } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { type Style, styleFor } from '../../terminal/style.ts';
import { localTime } from '../events/events.ts';

export async function list(flags: AnswerFlags): Promise<void> {
  const history = await new ClusterSession().client.history();
  const style = styleFor(process.stdout);
  show(flags, history, () =>
    alignedRows(
      history.map((each) => transitionRow({ ...each, cause: shortened(each.cause) }, style)),
      0,
    ),
  );
}

/** The first cause, and how many more there were. */
function shortened(cause: string): string {
  const [first = '', ...others] = cause.split('; ');
  return others.length === 0 ? first : `${first}, and ${others.length} more`;
}

export function transitionRow(
  { number, at, coordinator, state, actions, durationMs, cause }: TransitionView,
  style: Style,
) {
  const count = actions.length === 1 ? '1 action' : `${actions.length} actions`;
  const paint = { running: style.warn, complete: style.good, aborted: style.warn, failed: style.bad }[state];
  const took = durationMs === undefined ? '' : formatDuration(durationMs);
  return [
    `${number}`,
    { text: localTime(at), style: style.quiet },
    coordinator,
    { text: state, style: paint },
    count,
    took,
    cause,
  ];
}
