// The table at the end of a torture run.
import { changeOf, findGrowth, type Growth } from './growth.ts';
import type { Interval, JudgedRound, Verdict } from './ledger.ts';
import type { PeerOpinion } from './peers.ts';

export function formatVerdict({ rounds, stalled, unexplained, overlong }: Verdict): string {
  const kinds = [...new Set(rounds.map(nameOf))].sort();
  const rows = kinds.map((kind) =>
    rowOf(
      kind,
      rounds.filter((round) => nameOf(round) === kind),
    ),
  );
  const head = ['fault', 'times', 'at holder', 'outages', 'median', 'longest', 'clean after', 'fenced', 'owned twice'];
  const outages = rounds.reduce((sum, round) => sum + round.outages.length, 0);
  const doubles = rounds.flatMap((round) => round.doubles.map(({ durationMs }) => durationMs));
  return [
    ...columns([head, ...rows]),
    '',
    `${rounds.length} rounds, ${outages} outages, ${stalled.length} of them while the machine had no time for its hosts, ${unexplained.length} unexplained; owned twice ${doubles.length} times, ${overlong.length} of them for too long`,
    ...rounds.flatMap(({ fencedUnstruck }, index) =>
      fencedUnstruck.map((host) => `  fenced though nothing had struck it: ${host} in round ${index + 1}`),
    ),
    ...stalled.map((interval) => `  no time for the hosts: ${at(interval)}`),
    ...unexplained.map((interval) => `  unexplained: ${at(interval)}`),
    ...overlong.map((interval) => `  owned twice: ${at(interval)}`),
  ].join('\n');
}

/** The longest lives, and what has grown. */
export function formatGrowth({ lives }: Growth): string {
  const rows = lives
    .toSorted((one, other) => other.looks.length - one.looks.length)
    .slice(0, livesShownMax)
    .flatMap((life) => {
      const [first, last] = [life.looks[0], life.looks.at(-1)];
      if (first === undefined || last === undefined || life.looks.length < 2) return [];
      const overMs = last.ageMs - first.ageMs;
      const change = changeOf(life);
      return [
        [
          life.name,
          `${life.looks.length}`,
          `${Math.round(overMs / 1000)} s`,
          `${mib(first.pssKib)} -> ${mib(last.pssKib)} MiB`,
          change === undefined ? '' : `${change.ownKib < 0 ? '' : '+'}${mib(change.ownKib)} MiB`,
          `${first.descriptors} -> ${last.descriptors}`,
          `${((100 * (last.cpuMs - first.cpuMs)) / Math.max(1, overMs)).toFixed(1)} %`,
        ],
      ];
    });
  const head = ['process', 'looks', 'over', 'memory (PSS)', 'own, once warm', 'descriptors', 'processor'];
  const measured = lives.filter((life) => changeOf(life) !== undefined).length;
  return [
    ...columns([head, ...rows]),
    '',
    `${lives.length} lives, ${measured} of them long enough to grow`,
    ...findGrowth(lives).map((growth) => `  grown: ${growth}`),
  ].join('\n');
}

const livesShownMax = 20;

export function formatPeers({ asked, equal, apart, objections }: PeerOpinion): string {
  return [
    `${asked} live documents shown to crm_verify and crm_simulate: ${equal} decided alike, ${objections.length} objections`,
    ...[...apart].map(([why, count]) => `  ${count} not compared: ${why}`),
    ...objections.map((objection) => `  ${objection}`),
  ].join('\n');
}

/** Two faults at once are told apart from either alone. */
function nameOf({ faults }: JudgedRound): string {
  return faults
    .map(({ kind }) => kind)
    .sort()
    .join(' + ');
}

function rowOf(kind: string, rounds: readonly JudgedRound[]): string[] {
  const lengths = rounds.flatMap(({ outages }) => outages.map(({ durationMs }) => durationMs)).sort((a, b) => a - b);
  const atHolder = rounds.filter(({ faults, holder }) => faults.some(({ target }) => target === holder)).length;
  const doubles = rounds.flatMap((round) => round.doubles.map(({ durationMs }) => durationMs));
  return [
    kind,
    `${rounds.length}`,
    `${atHolder}`,
    `${lengths.length}`,
    ms(lengths[Math.floor(lengths.length / 2)]),
    ms(lengths.at(-1)),
    ms(Math.max(...rounds.map(({ cleanAfterMs }) => cleanAfterMs))),
    `${rounds.reduce((sum, { fenced }) => sum + fenced.length, 0) || ''}`,
    doubles.length === 0 ? '' : `${doubles.length}, at most ${ms(Math.max(...doubles))}`,
  ];
}

function at({ fromMs, durationMs }: Interval): string {
  return `${ms(durationMs)} at ${fromMs.toFixed(0)}`;
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${Math.round(value)} ms`;
}

function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
