import { type AnswerFlags, show as print } from '../../cluster/session.ts';
import { difference, differenceLines, plannedNow, plannedThen, readRecord } from './record.ts';

/** Runs the scheduler on the recorded input, at the recorded time, and compares. */
export async function replay(flags: AnswerFlags, number: string): Promise<void> {
  const record = await readRecord(number);
  const [before, after] = [plannedThen(record), plannedNow(record)];
  const changes = difference(before, after);
  const same = changes.gone.length === 0 && changes.added.length === 0;
  print(flags, { number: record.view.number, same, ...changes }, () =>
    same
      ? [`transition ${number}: the same ${after.length === 1 ? '1 action' : `${after.length} actions`} again`]
      : [`transition ${number}: other actions than then (- then, + now)`, ...differenceLines(changes)],
  );
}
