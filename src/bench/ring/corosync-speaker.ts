// In a lab host: a client of the host's Corosync that speaks as it is told, with blocking calls, as a C client makes them.
import { createInterface } from 'node:readline';
import { CorosyncGroup } from '../../interop/index.ts';
import { answer, answererNodeId, compose, groupName, markOf, marks, numberOf, pauseMs, type Task } from './speech.ts';

/** Between tasks, changes of the group are looked for so often. */
const idlePollMs = 20;
let floodHeard = 0;
let heardMark = 0;
let heardNumber = 0;
const unsaid: Buffer[] = [];
const clock = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number) => void Atomics.wait(clock, 0, 0, ms);

let opened = open();
while (opened === undefined) {
  sleep(100);
  opened = open();
}
const group = opened;
if (group.nodeId === 1) {
  setInterval(() => group.dispatch('all'), idlePollMs);
  createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line) as Task));
} else {
  while (group.dispatch('one')) sayUnsaid();
}

function open(): CorosyncGroup | undefined {
  return CorosyncGroup.open(groupName, {
    onMembers: (members) => answer({ kind: 'ready', members: members.length }),
    onMessage: hear,
  });
}

function hear(from: number, body: Uint8Array): void {
  const mark = markOf(body);
  if (mark === marks.ping && group.nodeId === answererNodeId)
    unsaid.push(compose(marks.pong, numberOf(body), body.length));
  else if (mark === marks.flood && from === group.nodeId) floodHeard++;
  else {
    heardMark = mark;
    heardNumber = numberOf(body);
  }
}

function sayUnsaid(): void {
  while (unsaid[0] !== undefined && group.multicast(unsaid[0]) === 'taken') unsaid.shift();
}

function obey(task: Task): void {
  switch (task.kind) {
    case 'flood':
      return flood(task.bytes, task.ms);
    case 'self':
      return exchange(marks.self, marks.self, task);
    case 'ping':
      return exchange(marks.ping, marks.pong, task);
    case 'end':
      process.exit(0);
  }
}

function flood(bytes: number, ms: number): void {
  const body = compose(marks.flood, 0, bytes);
  const startedMs = performance.now();
  floodHeard = 0;
  while (performance.now() - startedMs < ms) {
    let taken = 0;
    while (taken < 100 && group.multicast(body) === 'taken') taken++;
    group.dispatch('all');
  }
  const messages = floodHeard;
  const tookMs = performance.now() - startedMs;
  // What is still under way must not disturb the next measurement.
  for (let quiet = 0; quiet < 20; quiet++) {
    const before = floodHeard;
    group.dispatch('all');
    sleep(10);
    if (floodHeard !== before) quiet = 0;
  }
  answer({ kind: 'flood', messages, ms: tookMs });
}

function exchange(said: number, wanted: number, task: { bytes: number; count: number }): void {
  const samplesMs: number[] = [];
  for (let number = 1; number <= task.count; number++) {
    const body = compose(said, number, task.bytes);
    const startedMs = performance.now();
    while (group.multicast(body) === 'again') group.dispatch('all');
    heardNumber = 0;
    while (heardMark !== wanted || heardNumber !== number) group.dispatch('one');
    samplesMs.push(performance.now() - startedMs);
    sleep(pauseMs);
  }
  answer({ kind: 'latency', samplesMs });
}
