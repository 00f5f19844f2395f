import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { monotonicMs } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { orFail } from './error.ts';
import { useWatchMethod, type WatchMethod } from './readiness/watch.ts';

after(() => useWatchMethod('event-loop'));

/** A machine with one deadline, and the instants at which it was told that it had passed. */
class Machine {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly told: { readonly deadlineMs: number; readonly atMs: number }[] = [];
  readonly timer: DeadlineTimer;
  #onTold = () => {};

  constructor(afterwards: (machine: Machine) => void = () => {}) {
    this.timer = orFail(
      DeadlineTimer.open({
        name: 'a machine',
        nextDeadline: () => this.deadlineMs,
        onDue: (deadlineMs) => {
          this.told.push({ deadlineMs, atMs: monotonicMs() });
          this.deadlineMs = Number.POSITIVE_INFINITY;
          afterwards(this);
          this.#onTold();
        },
      }),
    );
  }

  moveTo(deadlineMs: number): void {
    this.deadlineMs = deadlineMs;
    this.timer.wakeBy(deadlineMs);
  }

  async untilTold(times: number): Promise<void> {
    while (this.told.length < times) await new Promise<void>((resolve) => (this.#onTold = resolve));
  }
}

for (const method of ['event-loop', 'worker-thread'] satisfies WatchMethod[]) {
  test(`${method}: a deadline is told once, and never before it has passed`, async () => {
    useWatchMethod(method);
    const delaysMs = [0, 0.001, 0.3, 0.999, 1, 1.5, 2.7];
    const machine = new Machine((self) => {
      const next = delaysMs[self.told.length];
      if (next !== undefined) self.moveTo(monotonicMs() + next);
    });
    machine.moveTo(monotonicMs() - 5);
    await machine.untilTold(delaysMs.length);
    assert.ok(machine.told.every(({ deadlineMs, atMs }) => atMs >= deadlineMs));
    await turns(20);
    assert.equal(machine.told.length, delaysMs.length, 'silent without a deadline');
    machine.timer.close();
  });
}

test('a deadline that moves away is not told, one that comes nearer is', async () => {
  useWatchMethod('event-loop');
  const machine = new Machine();
  const startMs = monotonicMs();
  machine.moveTo(startMs + 3);
  machine.deadlineMs = startMs + 12;
  await machine.untilTold(1);
  assert.deepEqual(
    machine.told.map(({ deadlineMs }) => deadlineMs),
    [startMs + 12],
  );
  machine.moveTo(startMs + 3_600_000);
  machine.moveTo(startMs + 15);
  await machine.untilTold(2);
  assert.equal(machine.told[1]?.deadlineMs, startMs + 15);
  const lastMs = monotonicMs() + 40;
  machine.moveTo(monotonicMs() + 1);
  machine.deadlineMs = lastMs;
  machine.timer.moveTo(lastMs);
  await machine.untilTold(3);
  assert.equal(machine.told[2]?.deadlineMs, lastMs);
  machine.timer.close();
});

test('a closed timer tells nothing', async () => {
  const machine = new Machine();
  machine.moveTo(monotonicMs() + 1);
  machine.timer.close();
  machine.moveTo(monotonicMs());
  await turns(20);
  assert.deepEqual(machine.told, []);
});

/** Timers alone may come due again and again before the loop looks for anything else. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(() => setImmediate(resolve), 1));
}
