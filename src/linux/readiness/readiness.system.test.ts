import assert from 'node:assert/strict';
import { stat } from 'node:fs';
import { after, test } from 'node:test';
import { orFail } from '../error.ts';
import { close, eventfd, read, write } from '../libc.ts';
import { linger, whenCalm } from './linger.ts';
import { watchShared } from './shared.ts';
import { settleWatchMethod, useWatchMethod, type WatchMethod, watchReadable } from './watch.ts';

const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

after(() => useWatchMethod('event-loop'));

test('the event loop of this Node can watch descriptors', async () => {
  assert.equal(await settleWatchMethod(), 'event-loop');
});

for (const method of ['event-loop', 'worker-thread'] satisfies WatchMethod[]) {
  test(`${method}: a handler runs only when there is something to read, and again while it is left unread`, async () => {
    useWatchMethod(method);
    const bell = eventfd(0, EFD_NONBLOCK_CLOEXEC);
    const seen: number[] = [];
    let enough = () => {};
    const heard = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const watch = orFail(
      watchReadable(bell, 'a bell', () => {
        const value = Buffer.alloc(8);
        // The first event is left unread on purpose.
        seen.push(seen.length === 0 ? 0 : read(bell, value, 8));
        if (seen.length === 1) assert.equal(write(bell, one, 8), 8);
        if (seen.length === 2) enough();
      }),
    );
    await turns(20);
    assert.deepEqual(seen, []);
    write(bell, one, 8);
    await heard;
    await turns(20);
    assert.deepEqual(seen, [0, 8], 'once left unread, once read, then silent');
    watch.close();
    write(bell, one, 8);
    await turns(20);
    assert.equal(seen.length, 2, 'silent after close');
    close(bell);
  });

  test(`${method}: watching what cannot be watched is a named error`, () => {
    useWatchMethod(method);
    const watch = watchReadable(-1, 'nothing', () => {});
    assert.equal(!watch.ok && watch.error.errno, 'EBADF');
  });
}

test('shared: each is told of its own, until it is closed, by whom it may be', async () => {
  useWatchMethod('event-loop');
  const bells = [1, 2, 3].map(() => eventfd(0, EFD_NONBLOCK_CLOEXEC));
  const heard = bells.map(() => 0);
  const watches = bells.map((bell, place) =>
    orFail(
      watchShared(bell, 'a bell', () => {
        heard[place] = (heard[place] ?? 0) + 1;
        read(bell, Buffer.alloc(8), 8);
        // Whichever of the first two comes first silences the other.
        if (place < 2) watches[1 - place]?.close();
      }),
    ),
  );
  const ring = () => bells.map((bell) => write(bell, one, 8));
  await turns(20);
  assert.deepEqual(heard, [0, 0, 0]);
  ring();
  await turns(20);
  assert.deepEqual(heard.toSorted(), [0, 1, 1], 'one of the first two, and the third');
  ring();
  await turns(20);
  assert.equal(heard[2], 2);
  watches[2]?.close();
  const refused = watchShared(-1, 'nothing', () => {});
  assert.equal(!refused.ok && refused.error.errno, 'EBADF');
  for (const watch of watches) watch.close();
  ring();
  await turns(20);
  assert.deepEqual(heard.toSorted(), [0, 2, 2], 'silent after close');
  for (const bell of bells) close(bell);
});

test('who lingers hears what is watched, waits no longer than asked to, and leaves all else to the loop', async (context) => {
  useWatchMethod('event-loop');
  await settleWatchMethod();
  const bell = eventfd(0, EFD_NONBLOCK_CLOEXEC);
  context.after(() => close(bell));
  let heard = 0;
  const watch = orFail(
    watchReadable(bell, 'a bell', () => {
      heard++;
      read(bell, Buffer.alloc(8), 8);
    }),
  );
  context.after(watch.close);
  await new Promise<void>(whenCalm);
  const goOnce = { forMs: 10_000, atTheEnd: 'wake', goesOn: () => false } as const;
  write(bell, one, 8);
  assert.equal(linger(goOnce), 'stopped');
  assert.equal(heard, 1);
  await lingerUntilOver();
  const done = new Promise<void>((resolve) => stat('/', () => resolve()));
  assert.equal(linger(goOnce), 'called');
  await done;
  watch.close();
  write(bell, one, 8);
  await new Promise<void>(whenCalm);
  await lingerUntilOver();
  assert.equal(heard, 1, 'silent after close');
});

/** The loop may be called for what is none of this test's: the test runner's own, the end of a worker of another test. */
async function lingerUntilOver(): Promise<void> {
  const ended = new Set<string>();
  for (let times = 0; times < 1000 && !ended.has('over'); times++) {
    ended.add(linger({ forMs: 5, atTheEnd: 'wake', goesOn: () => false }));
    await new Promise<void>(whenCalm);
  }
  assert.ok(ended.has('over') && !ended.has('stopped'), [...ended].join(', '));
}

/** Timers alone may come due again and again before the loop looks for anything else. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(() => setImmediate(resolve), 1));
}
