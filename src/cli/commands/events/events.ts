import type { EventView } from '../../../api/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession } from '../../cluster/session.ts';
import { type Style, styleFor } from '../../terminal/style.ts';

type EventFlags = AnswerFlags & { readonly follow: boolean };

/** Past events, then (with `--follow`) those to come, none twice and none left out in between. */
export async function events({ json, follow }: EventFlags): Promise<void> {
  const { client } = new ClusterSession();
  const style = styleFor(process.stdout);
  let last = -1;
  let waiting: EventView[] | undefined = [];
  const print = (event: EventView) => {
    if (event.sequence <= last) return;
    last = event.sequence;
    process.stdout.write(`${json === true ? JSON.stringify(event) : eventLine(event, style)}\n`);
  };
  const ended = follow
    ? new Promise<void>((resolve) => {
        client.follow((event) => (waiting === undefined ? print(event) : waiting.push(event)), resolve);
      })
    : undefined;
  for (const event of await client.events()) print(event);
  for (const event of waiting) print(event);
  waiting = undefined;
  if (ended === undefined) return;
  await ended;
  throw new CommandFailure({ kind: 'unavailable', what: "the node's daemon has ended" });
}

/** `2026-11-21 03:00:00.123  operation   text`, in local time. */
export function eventLine({ at, kind, level, text }: EventView, style: Style): string {
  const paint = { error: style.bad, warning: style.warn, notice: style.strong, info: (each: string) => each }[level];
  return `${style.quiet(localTime(at))}  ${kind.padEnd(10)}  ${paint(text)}`;
}

/** Local time to the millisecond. */
export function localTime(atMs: number): string {
  const at = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return at.toISOString().replace('T', ' ').slice(0, -1);
}
