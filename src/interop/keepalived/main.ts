// `npm run interop -- keepalived [PATH-PART …]`: the whole of Haven's meetings with real keepalived, and a table at the end.
//
// The tests are those of src/interop/vrrp. `npm test` runs the bounded part of them; here all run.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';

process.env.HAVEN_INTEROP = 'whole';
const folder = join('build', 'src', 'interop', 'vrrp');
const parts = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.system.test.js'))
  .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .sort()
  .map((name) => join(folder, name));

type Row = { readonly verdict: 'ok' | 'FAILED' | 'skipped'; readonly name: string; readonly seconds: string };
const rows: Row[] = [];

/** Each waits for its conditions with bounds of its own. */
const fileMsMax = 3_600_000;
const stream = run({ files, concurrency: 1, timeout: fileMsMax });
stream.on('test:pass', ({ name, skip, details }) => {
  if (isFile(name)) return;
  note({ verdict: skip === undefined ? 'ok' : 'skipped', name, seconds: secondsOf(details.duration_ms) });
});
stream.on('test:fail', ({ name, details }) => {
  if (isFile(name)) return;
  note({ verdict: 'FAILED', name, seconds: secondsOf(details.duration_ms) });
  console.log(String(details.error.cause ?? details.error));
});
stream.on('end', () => {
  console.log(`\n${'verdict'.padEnd(9)}${'seconds'.padStart(8)}  meeting`);
  for (const { verdict, name, seconds } of rows) console.log(`${verdict.padEnd(9)}${seconds.padStart(8)}  ${name}`);
  const failed = rows.filter(({ verdict }) => verdict === 'FAILED').length;
  console.log(`\n${rows.length} meetings, ${failed} failed`);
  process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1;
});
stream.resume();

function note(row: Row): void {
  rows.push(row);
  console.log(`${row.verdict} ${row.name} (${row.seconds} s)`);
}

/** Each file is reported as a test of its own around its tests. */
function isFile(name: string): boolean {
  return name.endsWith('.js');
}

function secondsOf(durationMs: number): string {
  return (durationMs / 1000).toFixed(1);
}
