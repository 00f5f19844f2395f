import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loggerOf } from '../../kit/index.ts';
import { runLifeScript } from './life-script.ts';

async function run(command: readonly string[], timeoutMs: number): Promise<string> {
  const lines: string[] = [];
  const logger = loggerOf((level, message) => lines.push(`${level}: ${message}`));
  await runLifeScript({ command, user: undefined, timeoutMs }, undefined, logger);
  return lines.join('\n');
}

test('a life script is waited for, and its status is told', async () => {
  assert.equal(await run(['/bin/sh', '-c', 'sleep 0.2; exit 3'], 60_000), 'info: Script /bin/sh ended with status 3');
  assert.equal(await run([], 60_000), '');
});

test('a life script that uses up its time, or cannot run, does not stop the daemon', async () => {
  assert.match(
    await run(['/bin/sleep', '1000'], 100),
    /used up its 0.1 s: ending it\nwarning: .* signal SIG(TERM|KILL)/,
  );
  assert.match(await run(['/no/such'], 1000), /warning: Script \/no\/such did not run to its end: .*ENOENT/);
});
