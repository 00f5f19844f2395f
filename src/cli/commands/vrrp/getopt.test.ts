import assert from 'node:assert/strict';
import { test } from 'node:test';
import { separateOptions } from './getopt.ts';

test('options are read as getopt_long(3) reads them: together, with their values, or apart', () => {
  const cases: [written: string, read: string][] = [
    ['-nlD', '-n -l -D'],
    ['-lnf /etc/x.conf', '-l -n -f /etc/x.conf'],
    ['-f/etc/x.conf -S7', '-f /etc/x.conf -S 7'],
    ['-t', '-t /dev/stderr'],
    ['-t/tmp/log -f x', '-t /tmp/log -f x'],
    ['--config-test -f x', '--config-test /dev/stderr -f x'],
    ['--config-test=/tmp/log', '--config-test=/tmp/log'],
    ['-g', '-g /tmp/keepalived.log'],
    ['-p', '-p'],
    ['-f - -n', '-f - -n'],
    ['--use-file x --dont-fork', '--use-file x --dont-fork'],
    ['-q', '-q'],
  ];
  for (const [written, read] of cases) assert.deepEqual(separateOptions(written.split(' ')), read.split(' '), written);
});
