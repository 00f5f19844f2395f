// The whole of a set of system tests, of which `npm test` runs the bounded part, and a table at the end.
import { run } from 'node:test';

type Row = { readonly verdict: 'ok' | 'FAILED' | 'skipped'; readonly name: string; readonly seconds: string };

/** Each waits for its conditions with bounds of its own. */
const fileMsMax = 3_600_000;

/** Runs them one file after the other; the exit code says whether all went well. */
export function runWhole(files: readonly string[]): void {
  process.env.HAVEN_INTEROP = 'whole';
  const rows: Row[] = [];

  const stream = run({ files: [...files], concurrency: 1, timeout: fileMsMax });
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
}

/** Each file is reported as a test of its own around its tests. */
function isFile(name: string): boolean {
  return name.endsWith('.js');
}

function secondsOf(durationMs: number): string {
  return (durationMs / 1000).toFixed(1);
}
