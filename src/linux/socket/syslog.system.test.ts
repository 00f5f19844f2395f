import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { orFail } from '../error.ts';
import { bind, close, recv, socket } from '../libc.ts';
import { openSyslog } from './syslog.ts';

const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];

test('a line carries facility, severity, identity and pid, and a reader that is gone is no error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-syslog-'));
  const path = join(folder, 'log');
  const reader = socket(AF_UNIX, SOCK_DGRAM, 0);
  try {
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(path), Buffer.from([0])]);
    assert.equal(bind(reader, address, address.length), 0);
    const syslog = orFail(openSyslog({ identity: 'Haven_vrrp', facility: 'local3', path }));
    syslog.log('warning', '(VI_1) Entering MASTER STATE');
    const line = Buffer.alloc(1024);
    const text = line.toString('utf8', 0, recv(reader, line, line.length, MSG_DONTWAIT));
    const wanted = `^<156>\\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d Haven_vrrp\\[${process.pid}\\]: \\(VI_1\\) Entering MASTER STATE$`;
    assert.match(text, new RegExp(wanted));
    close(reader);
    syslog.log('info', 'nobody reads this');
    syslog.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
