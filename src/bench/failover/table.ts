// What was measured of both programs, side by side.
import type { Cost, Costs } from './cost.ts';
import { type Fault, faults, type Measured } from './faults.ts';

/** A row each fault that was measured, then what a node costs; a ratio is the second program's figure by the first's. */
export function tableOf(measured: readonly Measured[], costs: Costs): string[] {
  const programs = [
    ...new Set([...measured.map(({ program }) => program), ...costs.idle.keys(), ...costs.rest.keys()]),
  ];
  const seen = faults.filter((fault) => measured.some((each) => each.fault === fault));
  const rows = [
    ['', ...programs, ...(programs.length === 2 ? ['ratio'] : [])],
    ...seen.flatMap((fault) => rowsOf(fault, programs, measured)),
    ...costRows('no resources', programs, costs.idle),
    ...costRows('at rest', programs, costs.rest),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function rowsOf(fault: Fault, programs: readonly string[], measured: readonly Measured[]): string[][] {
  const figures = [
    { what: 'address', of: ({ addressMs }: Measured) => addressMs },
    { what: 'page', of: ({ webMs }: Measured) => webMs },
  ];
  return figures.map(({ what, of }) => {
    const medians = programs.map((program) =>
      median(measured.filter((each) => each.program === program && each.fault === fault).map(of)),
    );
    return row(`${fault}: ${what}`, medians, (ms) => `${ms} ms`);
  });
}

function costRows(when: string, programs: readonly string[], costs: ReadonlyMap<string, Cost>): string[][] {
  if (costs.size === 0) return [];
  const of = (figure: (cost: Cost) => number) =>
    programs.map((program) => {
      const cost = costs.get(program);
      return cost === undefined ? undefined : figure(cost);
    });
  return [
    row(
      `${when}: memory, RSS`,
      of(({ rssMib }) => rssMib),
      (mib) => `${mib.toFixed(0)} MiB`,
    ),
    row(
      `${when}: memory, PSS`,
      of(({ pssMib }) => pssMib),
      (mib) => `${mib.toFixed(0)} MiB`,
    ),
    row(
      `${when}: processor`,
      of(({ cpuPercent }) => cpuPercent),
      (percent) => `${percent.toFixed(2)} %`,
    ),
  ];
}

function row(what: string, values: readonly (number | undefined)[], format: (value: number) => string): string[] {
  const [first, second] = values;
  const known = first !== undefined && second !== undefined && first > 0;
  const ratio = values.length !== 2 ? [] : [known ? (second / first).toFixed(1) : ''];
  return [what, ...values.map((value) => (value === undefined ? '' : format(value))), ...ratio];
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
