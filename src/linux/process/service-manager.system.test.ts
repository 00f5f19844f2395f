import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bind, close, recv, socket } from '../libc.ts';
import { eventually } from '../testing/pair.ts';
import { serviceManager } from './service-manager.ts';

const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];

/** A manager's socket, at a path or, with `@`, at an abstract name; `heard` takes what has arrived. */
function managerAt(path: string): { readonly heard: () => string[]; readonly close: () => void } {
  const reader = socket(AF_UNIX, SOCK_DGRAM, 0);
  const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name)]);
  assert.equal(bind(reader, address, address.length), 0);
  const heard = () => {
    const messages: string[] = [];
    const bytes = Buffer.alloc(1024);
    for (let count = recv(reader, bytes, bytes.length, MSG_DONTWAIT); count >= 0; ) {
      messages.push(bytes.toString('utf8', 0, count));
      count = recv(reader, bytes, bytes.length, MSG_DONTWAIT);
    }
    return messages;
  };
  return { heard, close: () => close(reader) };
}

test('a manager hears of readiness, reloads and the end, at a path and at an abstract name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-notify-'));
  try {
    for (const path of [join(folder, 'notify'), `@haven-notify-${process.pid}`]) {
      const manager = managerAt(path);
      const environment: NodeJS.ProcessEnv = { NOTIFY_SOCKET: path, HOME: '/' };
      const service = serviceManager(environment);
      assert.deepEqual(environment, { HOME: '/' }, 'what the service starts does not speak for it');
      service.ready('serves');
      service.reloading();
      service.stopping('moves away');
      const [ready, reloading, stopping, ...others] = manager.heard();
      assert.equal(ready, 'READY=1\nSTATUS=serves');
      assert.match(reloading ?? '', /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
      assert.equal(stopping, 'STOPPING=1\nSTATUS=moves away');
      assert.deepEqual(others, [], 'and no sign of life that nobody asked for');
      manager.close();
      service.ready('a manager that is gone is no error');
      service.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a manager that wants signs of life gets them, if it means this process', async (context) => {
  const path = `@haven-watchdog-${process.pid}`;
  const manager = managerAt(path);
  context.after(manager.close);
  const other = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' });
  const service = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: String(process.pid) });
  context.after(() => other.close());
  const messages: string[] = [];
  await eventually('signs of life come', () => {
    messages.push(...manager.heard());
    return messages.length >= 3;
  });
  assert.deepEqual(new Set(messages), new Set(['WATCHDOG=1']));
  service.close();
  manager.heard();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(manager.heard(), [], 'the other process is not the one that is watched');
});

test('without a manager, or with a name that is none, nothing is said', () => {
  for (const environment of [{}, { NOTIFY_SOCKET: 'relative' }, { NOTIFY_SOCKET: `/${'x'.repeat(200)}` }]) {
    const service = serviceManager(environment);
    service.ready('serves');
    service.close();
  }
});
