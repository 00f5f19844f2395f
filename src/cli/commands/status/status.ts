import type { ClusterStatus } from '../../../api/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession } from '../../cluster/session.ts';
import { isTerminal, styleFor } from '../../terminal/style.ts';
import { renderStatus } from './render.ts';

/** Looked at this often even when no event says that anything changed. */
const watchPeriodMs = 1000;
/** Bursts of events are one picture. */
const watchQuietMs = 100;

type StatusFlags = AnswerFlags & { readonly watch: boolean };

export async function status(flags: StatusFlags): Promise<void> {
  const session = new ClusterSession();
  if (flags.watch) await watch(session, flags);
  else print(await session.client.status(), flags);
}

function print(picture: ClusterStatus, flags: AnswerFlags): void {
  process.stdout.write(flags.json === true ? `${JSON.stringify(picture)}\n` : `${textOf(picture)}\n`);
}

function textOf(picture: ClusterStatus): string {
  return renderStatus(picture, { style: styleFor(process.stdout), nowMs: Date.now() }).join('\n');
}

/** On a terminal the picture stays in its place; elsewhere each that differs is printed after the one before. */
async function watch(session: ClusterSession, flags: AnswerFlags): Promise<void> {
  const screen = isTerminal(process.stdout) && flags.json !== true;
  let wake = () => {};
  let ended = false;
  const stop = session.client.follow(
    () => wake(),
    () => {
      ended = true;
      wake();
    },
  );
  process.once('SIGINT', () => {
    stop();
    process.exit(0);
  });
  let shown = '';
  while (!ended) {
    const picture = await session.client.status();
    const compared = JSON.stringify({ ...picture, activity: picture.activity.map(({ what, node }) => [what, node]) });
    if (screen) repaint(textOf(picture));
    else if (compared !== shown) print(picture, flags);
    shown = compared;
    await new Promise<void>((resolve) => {
      const latest = setTimeout(resolve, watchPeriodMs);
      wake = () => {
        clearTimeout(latest);
        setTimeout(resolve, watchQuietMs);
      };
    });
  }
  throw new CommandFailure({
    kind: 'unavailable',
    what: "the node's daemon has ended",
    fix: 'Start it: haven cluster start',
  });
}

/** Each line is overwritten and its rest erased (ECMA-48 EL, ED), so that nothing flickers. */
function repaint(text: string): void {
  const lines = text.split('\n').slice(0, (process.stdout.rows ?? 1000) - 1);
  process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
}
