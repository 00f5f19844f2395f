// Fake agents: they take their time, fail, hang, talk garbage and flood their output as the faults of the moment say. They
// never claim that something stopped which did not: no cluster survives that without fencing, and none can see it.
import { type Outcome, outputBytesMax, reasonCharsMax } from '../../agents/index.ts';
import type { Random } from '../../kit/index.ts';
import { isAddress, isFenceDevice } from './document.ts';
import type { Machine } from './machine.ts';
import type { AgentTrouble } from './schedule.ts';

export type AgentCall = { readonly resource: string; readonly action: string; readonly timeoutMs: number };

/** What a run comes to, after how long, and what it changes on the machine by then. */
export type AgentRun = { readonly afterMs: number; readonly outcome: Outcome; readonly atEnd: () => void };

const wordsOfGarbage = [
  '\u0000',
  '\u001b[31m',
  '<nvpair',
  '"&amp;\'',
  ']]>',
  '\ud800',
  '\uffff',
  '💥',
  'é',
  '\n',
  '%s',
];
const failingCodes = [1, 2, 3, 4, 5, 6, 9] as const;
type FailingCode = (typeof failingCodes)[number];
/** In the answer to a probe it says that nothing runs there, as 7 does: what is not installed cannot. */
const notInstalled = 5;
const garbageCharsMax = 4000;

/** Begins a run; what a start changes is there at once for services, at its end for addresses. */
export function beginRun(
  machine: Machine,
  call: AgentCall,
  options: { readonly random: Random; readonly trouble: AgentTrouble | undefined },
): AgentRun {
  const { random, trouble } = options;
  // A fence device is not run by starting it: its agent only answers whether it can be reached.
  if (trouble === undefined || isFenceDevice(call.resource)) return goodRun(machine, call, random);
  const partly = call.action === 'start' && random.chance(0.5);
  if (partly && !isAddress(call.resource)) machine.running.add(call.resource);
  const stopped = call.action === 'stop' && random.chance(0.3);
  if (call.action === 'stop') machine.troubled();
  const atEnd = () => {
    if (call.action === 'stop') machine.troubled();
    if (stopped) machine.running.delete(call.resource);
    else if (partly) begin(machine, call.resource);
  };
  const runs = call.action === 'monitor' && machine.running.has(call.resource);
  const codes = runs ? failingCodes.filter((code) => code !== notInstalled) : failingCodes;
  return { ...badEnd(call, random, { trouble, codes }), atEnd };
}

function goodRun(machine: Machine, { resource, action }: AgentCall, random: Random): AgentRun {
  const afterMs = random.between(5, random.chance(0.1) ? 3000 : 200);
  const done: Outcome = { status: 'done', code: 0, reason: '', output: '', durationMs: afterMs };
  switch (action) {
    case 'start':
      if (!isAddress(resource)) begin(machine, resource);
      return { afterMs, outcome: done, atEnd: () => begin(machine, resource) };
    case 'stop':
      return { afterMs, outcome: done, atEnd: () => machine.running.delete(resource) };
    case 'monitor':
      return { afterMs, outcome: { ...done, code: machine.running.has(resource) ? 0 : 7 }, atEnd: () => {} };
    default:
      return { afterMs, outcome: done, atEnd: () => {} };
  }
}

function begin(machine: Machine, resource: string): void {
  machine.running.add(resource);
  // The guardian takes an address that is new since the lease ran out, too.
  if (isAddress(resource)) machine.enforceLease();
}

function badEnd(
  { timeoutMs }: AgentCall,
  random: Random,
  { trouble, codes }: { readonly trouble: AgentTrouble; readonly codes: readonly FailingCode[] },
): Pick<AgentRun, 'afterMs' | 'outcome'> {
  if (trouble === 'hang') {
    const reason = `did not end within ${timeoutMs} ms`;
    return {
      afterMs: timeoutMs,
      outcome: { status: 'timeout', code: 1, reason, output: '', durationMs: timeoutMs },
    };
  }
  const afterMs = random.between(1, 500);
  const code = random.pick(codes) ?? 1;
  const done = { status: 'done', durationMs: afterMs } as const;
  switch (trouble) {
    case 'garbage': {
      const reason = garbage(random, random.chance(0.1) ? garbageCharsMax : 40);
      return { afterMs, outcome: { ...done, code, reason, output: reason } };
    }
    case 'flood': {
      // What is left of it: the runner of agents keeps the end of each stream (agents/driver/child.ts).
      const output = 'y\n'.repeat(outputBytesMax / 2);
      return { afterMs, outcome: { ...done, code, reason: output.slice(0, reasonCharsMax), output } };
    }
    case 'fail':
      return { afterMs, outcome: { ...done, code: 1, reason: 'it failed', output: 'it failed' } };
  }
}

function garbage(random: Random, charsMax: number): string {
  let text = '';
  const length = random.between(0, charsMax);
  while (text.length < length) text += random.pick(wordsOfGarbage) ?? '';
  return text;
}
