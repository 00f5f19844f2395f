// The prober's own process, in the client's namespaces: asks at a steady pace, keeps the log, and tells what it sees in
// lines of JSON. It ends when its standard input does, with the report as its last line.
import { CommandFailure, formatFailure } from '../../kit/index.ts';
import { familyOf, monotonicMs, setRealTime, settleWatchMethod } from '../../linux/index.ts';
import { type Asker, type OnAnswer, openHttpAsker, openTcpAsker, openUdpAsker } from './asker.ts';
import { openArpAsker, openPingAsker } from './link-asker.ts';
import { ProbeLog } from './log.ts';
import { arpEveryMs, type ProbeReport, type ProberMessage, type ProberOptions, type Question } from './options.ts';

const askers: Readonly<Record<Question, (options: ProberOptions, onAnswer: OnAnswer) => Asker>> = {
  udp: openUdpAsker,
  arp: openArpAsker,
  icmp: openPingAsker,
  tcp: openTcpAsker,
  http: openHttpAsker,
};

/** Above ordinary programs, below any cluster's: the pace of questions is the resolution of the report. */
const realTimePriority = 2;
const settleEveryMs = 5;

/** @param text a `ProberOptions` in JSON */
export async function runProber(text: string): Promise<void> {
  const options = JSON.parse(text) as ProberOptions;
  try {
    await probe(options);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    tell({ kind: 'failed', what: formatFailure(error.failure) });
  }
}

async function probe(options: ProberOptions): Promise<void> {
  await settleWatchMethod();
  // Without the privilege the pace is less even, which the report shows.
  void setRealTime(realTimePriority);
  const fromMs = monotonicMs();
  const main = startAsking('question', askers[options.ask], options);
  const watchArp = options.ask !== 'arp' && familyOf(options.address) === 'ipv4';
  const arp = watchArp ? startAsking('arp', openArpAsker, { ...options, everyMs: arpEveryMs }) : undefined;
  tell({ kind: 'asking' });
  await endOfInput();
  main.stop();
  arp?.stop();
  const toMs = monotonicMs();
  while (main.isWaiting() || arp?.isWaiting() === true)
    await new Promise((resolve) => setTimeout(resolve, settleEveryMs));
  const report: ProbeReport = {
    address: options.address,
    ask: options.ask,
    fromMs,
    toMs,
    epochOffsetMs: Date.now() - monotonicMs(),
    ...main.finish(),
    ...(arp === undefined ? {} : { arp: arp.finish() }),
  };
  tell({ kind: 'report', report });
}

function startAsking(by: 'question' | 'arp', open: (typeof askers)[Question], options: ProberOptions) {
  const { answerWithinMs, everyMs } = options;
  const log = new ProbeLog({ answerWithinMs, blindAfterMs: Math.max(5, 3 * everyMs) });
  const asker = open(options, (sequence, name) => log.answered(sequence, name, monotonicMs()));
  const settle = () => {
    for (const event of log.settle(monotonicMs())) tell({ kind: 'seen', by, event });
  };
  const stopPace = keepPace(everyMs, (sequence) => {
    log.asked(sequence, monotonicMs());
    asker.ask(sequence);
  });
  const settling = setInterval(settle, settleEveryMs);
  return {
    stop: stopPace,
    isWaiting: () => log.isWaiting,
    finish: () => {
      clearInterval(settling);
      settle();
      asker.close();
      return log.report();
    },
  };
}

/** Calls `beat` each `everyMs` on a fixed grid; beats that were missed are left out, not made up for. */
function keepPace(everyMs: number, beat: (sequence: number) => void): () => void {
  const startMs = monotonicMs();
  let sequence = 0;
  let timer: NodeJS.Timeout;
  const next = () => {
    beat(sequence++);
    const elapsedMs = monotonicMs() - startMs;
    const waitMs = (Math.floor(elapsedMs / everyMs) + 1) * everyMs - elapsedMs;
    timer = setTimeout(next, Math.ceil(waitMs));
  };
  next();
  return () => clearTimeout(timer);
}

function endOfInput(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.resume();
    process.once('SIGTERM', resolve);
    // Ctrl-C reaches the whole group: our parent ends us, and wants the report.
    process.on('SIGINT', () => {});
  });
}

function tell(message: ProberMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
