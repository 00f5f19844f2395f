import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const units = join('packaging', 'systemd');
const skip = existsSync('/usr/bin/systemd-analyze') ? false : 'needs systemd-analyze';

test('systemd takes the packaged units, and finds nothing to say of them', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-units-'));
  try {
    for (const name of readdirSync(units)) {
      const unit = readFileSync(join(units, name), 'utf8').replaceAll('/opt/haven', resolve('.'));
      writeFileSync(join(folder, name), unit);
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, name)], {
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout + stderr], [0, ''], name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
