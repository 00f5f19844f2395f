import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from './table.ts';

const run = (program: string, addressMs: number, webMs: number) => ({
  program,
  fault: 'power-off' as const,
  addressMs,
  webMs,
});

test('medians of both stand side by side, with the ratio where there is one', () => {
  const measured = [run('haven', 700, 900), run('haven', 720, 0), run('haven', 710, 0), run('peer', 7100, 8000)];
  const rest = new Map([['haven', { rssMib: 100, pssMib: 50, cpuPercent: 0.5 }]]);
  assert.deepEqual(tableOf(measured, { idle: new Map(), rest }), [
    '                        haven     peer  ratio',
    'power-off: address     710 ms  7100 ms   10.0',
    'power-off: page          0 ms  8000 ms',
    'at rest: memory, RSS  100 MiB',
    'at rest: memory, PSS   50 MiB',
    'at rest: processor     0.50 %',
  ]);
});
