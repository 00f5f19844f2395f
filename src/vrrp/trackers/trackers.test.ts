import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrackedProcess, TrackedScript } from '../tracker.ts';
import { fileTracker, readTrackedFile, trackedValue } from './file.ts';
import { linkTracker, nextLinkDeadline, stepLink } from './link.ts';
import { matches, nextProcessDeadline, processTracker, stepProcess } from './process.ts';
import { nextScriptDeadline, type ScriptEffect, scriptTracker, stepScript } from './script.ts';

const script: TrackedScript = {
  name: 's',
  command: ['/bin/true'],
  intervalMs: 1000,
  timeoutMs: 0,
  weight: 0,
  reverse: false,
  rise: 3,
  fall: 3,
  initFail: false,
  user: undefined,
};

/** Runs the script once a beat with these exit codes; what was reported, run by run. */
function reports(exits: readonly number[], settings: Partial<TrackedScript> = {}): (string | undefined)[] {
  const tracker = scriptTracker({ ...script, ...settings }, 0);
  return exits.map((status) => {
    const nowMs = nextScriptDeadline(tracker);
    assert.deepEqual(stepScript(tracker, { kind: 'deadline', nowMs }), [{ kind: 'run' }]);
    return reported(stepScript(tracker, { kind: 'ended', nowMs: nowMs + 10, outcome: { kind: 'exited', status } }));
  });
}

function reported(effects: readonly { readonly kind: string; readonly report?: { readonly kind: string } }[]) {
  return effects.find((effect) => effect.kind === 'report')?.report?.kind;
}

test('script: the first result decides at once; then rise and fall in a row do', () => {
  assert.deepEqual(reports([0, 1, 1, 0, 1, 1, 1, 1]), ['up', ...Array(5), 'down', undefined]);
  assert.deepEqual(reports([1, 0, 0, 1, 0, 0, 0]), ['down', ...Array(5), 'up']);
  assert.deepEqual(reports([0], { initFail: true }), ['up']);
  assert.equal(scriptTracker({ ...script, initFail: true }, 0).report.kind, 'down');
});

test('script: the report is that of a naive reading of the last results', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1), { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (exits, rise, fall) => {
        let state: string | undefined;
        const expected = exits.map((exit, index) => {
          const tail = (length: number) => exits.slice(Math.max(0, index + 1 - length), index + 1);
          const before = state;
          if (state === undefined) state = exit === 0 ? 'up' : 'down';
          else if (state === 'up' && index + 1 >= fall && tail(fall).every((one) => one === 1)) state = 'down';
          else if (state === 'down' && index + 1 >= rise && tail(rise).every((one) => one === 0)) state = 'up';
          return state === before ? undefined : state;
        });
        assert.deepEqual(reports(exits, { rise, fall }), expected);
      },
    ),
  );
});

test('script: a run that takes too long counts as a failure at once, is asked to end, then killed with all it started', () => {
  const tracker = scriptTracker({ ...script, timeoutMs: 500, fall: 1 }, 100);
  stepScript(tracker, { kind: 'deadline', nowMs: 100 });
  assert.equal(nextScriptDeadline(tracker), 600);
  const late = stepScript(tracker, { kind: 'deadline', nowMs: 600 });
  assert.deepEqual(late[0], { kind: 'signal', signal: 'SIGTERM' });
  assert.equal(reported(late), 'down');
  assert.match(JSON.stringify(late), /VRRP_Script\(s\) timed_out/);
  assert.equal(nextScriptDeadline(tracker), 2600);
  assert.deepEqual(stepScript(tracker, { kind: 'deadline', nowMs: 2600 })[0], { kind: 'signal', signal: 'SIGKILL' });
  assert.equal(nextScriptDeadline(tracker), Number.POSITIVE_INFINITY);
  const end = stepScript(tracker, { kind: 'ended', nowMs: 2650, outcome: { kind: 'signalled', signal: 'SIGKILL' } });
  assert.deepEqual(end, [{ kind: 'signal', signal: 'SIGKILL' }]);
  assert.deepEqual(stepScript(tracker, { kind: 'deadline', nowMs: 2650 }), [{ kind: 'run' }]);
  assert.equal(tracker.nextRunMs, 3100, 'runs keep the beat of the first, and missed ones are not made up for');
});

test('script: without a timeout the interval is the limit, and no run begins while another goes on', () => {
  const tracker = scriptTracker(script, 0);
  const effects: ScriptEffect[] = [];
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 100) effects.push(...stepScript(tracker, { kind: 'deadline', nowMs }));
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'run' || kind === 'signal'),
    [{ kind: 'run' }, { kind: 'signal', signal: 'SIGTERM' }, { kind: 'signal', signal: 'SIGKILL' }],
  );
});

const tracked: TrackedProcess = {
  name: 'p',
  command: ['sleep'],
  parameters: 'ignored',
  fullCommand: false,
  weight: 1,
  reverse: false,
  quorumMin: 1,
  quorumMax: Number.POSITIVE_INFINITY,
  forkDelayMs: 0,
  terminateDelayMs: 0,
};

test('process: what matches is what the peer was seen to match', () => {
  const kinds: Record<string, TrackedProcess> = {
    plain: tracked,
    exact: { ...tracked, command: ['sleep', '111'], parameters: 'exact' },
    exact2: { ...tracked, command: ['sleep', '111', '222'], parameters: 'exact' },
    none: { ...tracked, parameters: 'initial' },
    initial: { ...tracked, command: ['sleep', '11'], parameters: 'initial' },
    initial2: { ...tracked, command: ['sleep', '111', '2'], parameters: 'initial' },
    partial: { ...tracked, command: ['sleep', '111'], parameters: 'partial' },
    partial11: { ...tracked, command: ['sleep', '11'], parameters: 'partial' },
    full: { ...tracked, fullCommand: true },
    fullpath: { ...tracked, command: ['/bin/sleep', '111'], parameters: 'exact' },
    fullpath2: { ...tracked, command: ['/bin/sleep'], fullCommand: true },
  };
  const matching = (line: string, name = 'sleep') =>
    Object.keys(kinds).filter((kind) => {
      const process = kinds[kind];
      return process !== undefined && matches(process, { name, arguments: line.split(' ') });
    });
  assert.deepEqual(matching('sleep 111'), ['plain', 'exact', 'none', 'initial', 'partial', 'full']);
  assert.deepEqual(matching('/bin/sleep 111'), ['plain', 'fullpath', 'fullpath2']);
  assert.deepEqual(matching('sleep 111 222'), ['plain', 'exact2', 'none', 'initial', 'initial2', 'partial', 'full']);
  assert.deepEqual(matching('sleep 1 111'), ['plain', 'none', 'full']);
  assert.deepEqual(matching('sleep 113'), ['plain', 'none', 'initial', 'full']);
  assert.deepEqual(matching('sleep', 'sleeper'), ['none', 'full']);
});

test('process: quorum and quorum_max bound the count; a start in need of nothing is up', () => {
  const count = (settings: Partial<TrackedProcess>, running: number) => {
    const tracker = processTracker({ ...tracked, ...settings });
    const identity = { name: 'sleep', arguments: [] };
    const processes = new Map(Array.from({ length: running }, (_, index) => [index + 1, identity] as const));
    return reported(stepProcess(tracker, { kind: 'all', nowMs: 0, processes }));
  };
  assert.deepEqual(
    [0, 1, 2].map((running) => count({}, running)),
    ['down', 'up', 'up'],
  );
  assert.deepEqual(
    [1, 2, 3].map((running) => count({ quorumMin: 2, quorumMax: 2 }, running)),
    ['down', 'up', 'down'],
  );
  assert.deepEqual(
    [0, 1].map((running) => count({ quorumMin: 0, quorumMax: 0 }, running)),
    ['up', 'down'],
  );
});

test('process: a service that is restarted within terminate_delay has not changed', () => {
  const tracker = processTracker({ ...tracked, terminateDelayMs: 500, forkDelayMs: 200 });
  const identity = { name: 'sleep', arguments: [] };
  stepProcess(tracker, { kind: 'all', nowMs: 0, processes: new Map([[7, identity]]) });
  assert.deepEqual(stepProcess(tracker, { kind: 'gone', nowMs: 1000, pid: 7 }), []);
  assert.equal(nextProcessDeadline(tracker), 1500);
  assert.deepEqual(stepProcess(tracker, { kind: 'is', nowMs: 1200, pid: 8, identity }), []);
  assert.equal(nextProcessDeadline(tracker), Number.POSITIVE_INFINITY);
  stepProcess(tracker, { kind: 'gone', nowMs: 2000, pid: 8 });
  assert.equal(reported(stepProcess(tracker, { kind: 'deadline', nowMs: 2500 })), 'down');
  stepProcess(tracker, { kind: 'is', nowMs: 3000, pid: 9, identity });
  assert.equal(nextProcessDeadline(tracker), 3200);
  assert.equal(reported(stepProcess(tracker, { kind: 'deadline', nowMs: 3200 })), 'up');
});

test('process: exec and a change of name move a process between trackers', () => {
  const tracker = processTracker(tracked);
  stepProcess(tracker, { kind: 'all', nowMs: 0, processes: new Map() });
  assert.equal(
    reported(stepProcess(tracker, { kind: 'is', nowMs: 1, pid: 5, identity: { name: 'bash', arguments: [] } })),
    undefined,
  );
  assert.equal(
    reported(stepProcess(tracker, { kind: 'is', nowMs: 2, pid: 5, identity: { name: 'sleep', arguments: [] } })),
    'up',
  );
  assert.equal(
    reported(stepProcess(tracker, { kind: 'is', nowMs: 3, pid: 5, identity: { name: 'x', arguments: [] } })),
    'down',
  );
});

test('file: a number at its beginning, or 0; only a change is reported', () => {
  assert.deepEqual(
    ['5', ' -3\n', '+7 x', 'abc', '', '99999999999', '-0'].map(trackedValue),
    [5, -3, 7, 0, 0, 2_147_483_647, 0],
  );
  assert.equal(trackedValue(undefined), 0);
  const tracker = fileTracker({ name: 'f', path: '/f', weight: 1, reverse: false, initialise: undefined });
  assert.deepEqual(readTrackedFile(tracker, '5'), [{ kind: 'report', report: { kind: 'value', value: 5 } }]);
  assert.deepEqual(readTrackedFile(tracker, '5 \n'), []);
  assert.match(JSON.stringify(readTrackedFile(tracker, undefined)), /counts as 0.*"value":0/);
});

test('link: a change is held back for its delay, and a return within it is no change', () => {
  const tracker = linkTracker('eth0', { downDelayMs: 300, upDelayMs: 0 });
  assert.equal(reported(stepLink(tracker, { kind: 'link', nowMs: 0, up: true })), 'up');
  assert.equal(reported(stepLink(tracker, { kind: 'link', nowMs: 1000, up: false })), undefined);
  assert.equal(nextLinkDeadline(tracker), 1300);
  stepLink(tracker, { kind: 'link', nowMs: 1100, up: true });
  assert.equal(nextLinkDeadline(tracker), Number.POSITIVE_INFINITY);
  stepLink(tracker, { kind: 'link', nowMs: 2000, up: false });
  stepLink(tracker, { kind: 'link', nowMs: 2200, up: false });
  assert.equal(nextLinkDeadline(tracker), 2300, 'news of the same does not begin the delay again');
  assert.equal(reported(stepLink(tracker, { kind: 'deadline', nowMs: 2300 })), 'down');
  assert.equal(reported(stepLink(tracker, { kind: 'link', nowMs: 2400, up: true })), 'up');
});
