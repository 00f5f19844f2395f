// `haven node kill-test`: a node fails for real, and the cluster shows what it does then.
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ClusterStatus,
  clockInstant,
  currentDocument,
  type Forecast,
  forecastOf,
  type KillTestKind,
  killTestRefusal,
} from '../../../../api/index.ts';
import { CommandFailure, formatDuration } from '../../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../../cluster/session.ts';
import { alignedRows } from '../../../terminal/columns.ts';
import { styleFor } from '../../../terminal/style.ts';
import { forecastLines, supposed } from '../../simulate/live.ts';
import { beginWatch, leftovers, type Watched, watch } from './watch.ts';

export type KillTestFlags = AnswerFlags & {
  readonly kind: KillTestKind;
  readonly for: number;
  readonly within: number;
  readonly yes: boolean;
};

/** Each look is a request to the daemon. */
const lookPeriodMs = 40;
/** The longest that any failure takes to be noticed, many times over. */
const missedWithinMs = 20_000;

export async function killTest(flags: KillTestFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  const before = await session.client.status();
  const refusal = killTestRefusal(before, node, flags.kind);
  if (refusal !== undefined) throw new CommandFailure(refusal);
  const document = currentDocument(supposed(await session.document(), { fail: [node] }));
  const forecast = forecastOf(document, clockInstant(), await session.client.history());
  if (flags.json !== true || !flags.yes)
    show(flags, { plan: planOf(flags, node), forecast }, () => plan(flags, node, forecast));
  if (!flags.yes) throw unconfirmed(flags, node);
  const seen = await fail({ session, flags, node, before });
  const unclean = leftovers(seen);
  show(flags, { node, ...resultOf(seen), unclean }, () => resultLines(seen, unclean));
  if (unclean.length > 0) {
    const why = unclean.join('; ');
    throw new CommandFailure({
      kind: 'failed',
      what: `the cluster did not come out of it clean`,
      why,
      fix: `Look at: haven status. Where no service manager starts daemons again, on that node: haven cluster start`,
    });
  }
}

type Test = {
  readonly session: ClusterSession;
  readonly flags: KillTestFlags;
  readonly node: string;
  readonly before: ClusterStatus;
};

async function fail({ session, flags, node, before }: Test): Promise<Watched> {
  const { client } = session;
  const startedMs = performance.now();
  await client.command({ kind: 'kill-test', node, how: flags.kind, forMs: flags.for });
  let seen = beginWatch(before, node);
  for (;;) {
    const atMs = performance.now() - startedMs;
    seen = watch(seen, await client.status(), atMs);
    const late = seen.missedMs === undefined ? missedWithinMs : flags.within;
    if (atMs > late) return seen;
    // At rest, and still as it should be after that.
    if (seen.backMs !== undefined && (await client.settled(lookPeriodMs))) {
      return watch(seen, await client.status(), performance.now() - startedMs);
    }
    await pause(lookPeriodMs);
  }
}

function planOf({ kind, for: forMs }: KillTestFlags, node: string): string {
  switch (kind) {
    case 'daemon':
      return `the daemon on ${node} is killed; its guardian takes the addresses off, its service manager starts it again`;
    case 'freeze':
      return `the daemon on ${node} stands still; its guardian takes the addresses off and ends it, its service manager starts it again`;
    case 'silence':
      return `${node} neither speaks to the cluster nor hears it for ${formatDuration(forMs)}; then it comes back by itself`;
  }
}

function plan(flags: KillTestFlags, node: string, forecast: Forecast): string[] {
  const { strong } = styleFor(process.stdout);
  return [strong('What will be done'), `  ${planOf(flags, node)}`, '', ...forecastLines(forecast), ''];
}

function unconfirmed({ kind }: KillTestFlags, node: string): CommandFailure {
  const fix = `Say that you mean it: haven node kill-test ${node} --kind ${kind} --yes`;
  return new CommandFailure({ kind: 'unsafe', what: 'nothing was done: this really interrupts services', fix });
}

function resultOf({ missedMs, backMs, services }: Watched) {
  return { missedMs: missedMs ?? null, backMs: backMs ?? null, services };
}

function resultLines({ node, missedMs, backMs, services }: Watched, unclean: readonly string[]): string[] {
  const { strong, quiet, bad } = styleFor(process.stdout);
  const after = (ms: number | undefined) => (ms === undefined ? 'never' : `after ${formatDuration(ms)}`);
  const moved = services.map(({ resource, from, to, outMs }) => [
    resource,
    to.length === 0 ? `${from} -> nowhere` : `${from} -> ${to.join(', ')}`,
    outMs === undefined ? '' : `runs again ${after(outMs)}`,
  ]);
  return [
    strong('What happened'),
    ...alignedRows([
      [`${node} was missed`, after(missedMs)],
      [`${node} was back`, after(backMs)],
    ]),
    ...alignedRows(moved.length === 0 ? [[`nothing ran on ${node}`]] : moved),
    quiet(`  seen from this node, every ${lookPeriodMs} ms; a client may notice less`),
    ...(unclean.length === 0 ? ['Everything is as it should be.'] : unclean.map((each) => bad(each))),
  ];
}
