// In a lab host: a member of a sealed Haven ring that speaks as it is told.
import { createInterface } from 'node:readline';
import { ringSettings } from '../../daemon/index.ts';
import { loggerOf } from '../../kit/index.ts';
import { RingEngine } from '../../membership/index.ts';
import { answer, answererNodeId, compose, groupName, markOf, marks, numberOf, pauseMs, type Task } from './speech.ts';

const nodes = (process.argv[2] ?? '')
  .split(',')
  .map((address, index) => ({ name: `node${index + 1}`, addresses: [address] }));
const source = { kind: 'nodes', clusterName: 'bench', nodes, security: 'sealed' } as const;
const logger = loggerOf((level, text) => level !== 'debug' && process.stderr.write(`${level}: ${text}\n`));
const engine = await RingEngine.start(ringSettings({ source, logger }), { logger });
let members = 0;
let floodHeard = 0;
let speakOn = () => {};
let onHeard = (_mark: number, _number: number) => {};

engine.subscribe((event) => {
  if (event.kind === 'group-changed') {
    members = event.members.length;
    answer({ kind: 'ready', members });
  } else if (event.kind === 'writable') speakOn();
  else if (event.kind === 'deliver') hear(event.from.nodeId, event.body);
});
await engine.join(groupName);
createInterface({ input: process.stdin }).on('line', (line) => void obey(JSON.parse(line) as Task));

function hear(from: number, body: Uint8Array): void {
  const mark = markOf(body);
  if (mark === marks.ping && engine.nodeId === answererNodeId) {
    engine.multicast(groupName, compose(marks.pong, numberOf(body), body.length), 'agreed');
  } else if (mark === marks.pong) onHeard(mark, numberOf(body));
  else if (from !== engine.nodeId) return;
  else if (mark === marks.flood) floodHeard++;
  else onHeard(mark, numberOf(body));
}

async function obey(task: Task): Promise<void> {
  switch (task.kind) {
    case 'flood':
      return answer(await flood(task.bytes, task.ms));
    case 'self':
      return answer({ kind: 'latency', samplesMs: await exchange(marks.self, marks.self, task) });
    case 'ping':
      return answer({ kind: 'latency', samplesMs: await exchange(marks.ping, marks.pong, task) });
    case 'end':
      await engine.leave();
      process.exit(0);
  }
}

async function flood(bytes: number, ms: number): Promise<{ kind: 'flood'; messages: number; ms: number }> {
  const body = compose(marks.flood, 0, bytes);
  speakOn = () => {
    while (engine.multicast(groupName, body, 'agreed') === undefined);
  };
  floodHeard = 0;
  const startedMs = performance.now();
  speakOn();
  await new Promise((resolve) => setTimeout(resolve, ms));
  speakOn = () => {};
  const heard = floodHeard;
  return { kind: 'flood', messages: heard, ms: performance.now() - startedMs };
}

async function exchange(said: number, wanted: number, task: { bytes: number; count: number }): Promise<number[]> {
  const samplesMs: number[] = [];
  for (let number = 1; number <= task.count; number++) {
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      onHeard = (mark, heard) => {
        if (mark === wanted && heard === number) resolve();
      };
      engine.multicast(groupName, compose(said, number, task.bytes), 'agreed');
    });
    samplesMs.push(performance.now() - startedMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return samplesMs;
}
