// The tables of the measurement, in plain text: medians with their range, and Haven's beside the peer's.
import { type FailoverResult, faults } from './failover.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { median } from './rival.ts';

/** Haven's median outage may be so much longer than the peer's. */
const allowanceMs = 5;
const cpuRatioMax = 3;

export function failoverTable(profile: string, results: readonly FailoverResult[]): string {
  const rows = faults.map((fault) => {
    const [ours, theirs] = (['haven', 'keepalived'] as const).map((program) =>
      results.filter((result) => result.program === program && result.fault === fault),
    );
    return faultRow(fault, ours ?? [], theirs ?? []);
  });
  const removal = (fault: string) =>
    results.flatMap((result) => (result.fault === fault ? (result.removalMs ?? []) : []));
  const noise = results.flatMap(({ clientGapMaxMs }) => clientGapMaxMs);
  return [
    `\n${profile}: milliseconds, median (least..most)`,
    columns(['fault', 'haven outage', 'keepalived outage', 'haven take-over', 'keepalived take-over', 'median']),
    ...rows,
    'sigkill: keepalived leaves the address on both hosts until it is started again, which this client does not notice',
    `guardian: address off after SIGKILL ${spread(removal('sigkill'))}, after SIGSTOP ${spread(removal('sigstop'))}`,
    `noise: the client's own longest pause was ${spread(noise)}`,
  ].join('\n');
}

export function loadTable(options: LoadOptions, results: readonly LoadResult[]): string {
  const rows = results.map(({ program, master, backup, falseTakeOvers }) =>
    columns([
      program,
      `${master.cpuPercent.toFixed(1)} %`,
      `${backup.cpuPercent.toFixed(1)} %`,
      `${mib(master.rssKib)} / ${mib(master.pssKib)}`,
      `${mib(backup.rssKib)} / ${mib(backup.pssKib)}`,
      String(falseTakeOvers),
    ]),
  );
  const [ours, theirs] = results;
  const ratio = (role: 'master' | 'backup') =>
    ours === undefined || theirs === undefined ? Number.NaN : ours[role].cpuPercent / theirs[role].cpuPercent;
  const verdict = (role: 'master' | 'backup') =>
    `${role} ${ratio(role).toFixed(1)}× (${ratio(role) <= cpuRatioMax ? 'within' : 'beyond'} ${cpuRatioMax}×)`;
  return [
    `\n${options.instances} instances at 100 ms, ${options.windowMs / 1000} s; memory RSS / PSS, guardian included`,
    columns(['program', 'master CPU', 'backup CPU', 'master memory', 'backup memory', 'false take-overs']),
    ...rows,
    `CPU of haven to keepalived: ${verdict('master')}, ${verdict('backup')}`,
  ].join('\n');
}

function faultRow(fault: string, ours: readonly FailoverResult[], theirs: readonly FailoverResult[]): string {
  const outages = [ours, theirs].map((results) => results.map(({ outageMs }) => outageMs));
  const takeOvers = [ours, theirs].map((results) => results.flatMap(({ takeOverMs }) => takeOverMs ?? []));
  const difference = median(outages[0] ?? []) - median(outages[1] ?? []);
  const verdict = Number.isNaN(difference)
    ? ''
    : fault === 'sigkill'
      ? 'not comparable'
      : `${difference >= 0 ? '+' : ''}${difference.toFixed(1)} ${difference <= allowanceMs ? 'good' : 'WORSE'}`;
  return columns([fault, ...outages.map(spread), ...takeOvers.map(spread), verdict]);
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return '-';
  return `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}..${Math.max(...values).toFixed(1)})`;
}

function columns(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(index === 0 ? 12 : 26)).join('');
}

function mib(kib: number): string {
  return `${(kib / 1024).toFixed(1)} MiB`;
}
