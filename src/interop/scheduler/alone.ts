// Haven alone with a document: everything it does with one, so that whatever throws or takes long is found.
import { parseXml, serialiseXml, upgradeCib, validateCib, type XmlElement } from '../../cib/index.ts';
import { Random } from '../../kit/index.ts';
import {
  documentAfter,
  formatDot,
  formatGraph,
  formatPlacementReasons,
  instantOfRun,
  placementReasons,
  simulate,
  simulateTransition,
  statusText,
} from '../../scheduler/index.ts';
import { randomChange, randomDamage } from './changes/change.ts';
import { documentOf, type Source } from './document.ts';

export type Strained = {
  readonly source: string;
  readonly changes: readonly string[];
  readonly xml: string;
};

/** A document, changed and damaged at random. Everything in it follows from the seed. */
export function strainedDocument(seed: string, sources: readonly Source[], changesMax: number): Strained {
  const random = new Random(seed);
  const source = random.pick(sources) ?? { name: 'random cluster', path: undefined };
  let cib = documentOf(source, random);
  const changes: string[] = [];
  for (let left = random.between(1, changesMax); left > 0; left--) {
    const changed = random.chance(0.5) ? randomDamage(cib, random) : randomChange(cib, random);
    cib = changed.cib;
    if (changed.what !== '') changes.push(changed.what);
  }
  return { source: source.name, changes, xml: serialiseXml(cib) };
}

/** Reads, upgrades, validates, schedules, renders, simulates. Refusals are fine; exceptions are Haven's mistakes. */
export function strain(xml: string): 'scheduled' | 'refused' {
  const parsed = parseXml(xml);
  if (!parsed.ok) return 'refused';
  const upgraded = upgradeCib(parsed.value);
  if (!upgraded.ok) return 'refused';
  const cib = upgraded.value.root;
  validateCib(cib);
  scheduleAll(cib);
  return 'scheduled';
}

function scheduleAll(cib: XmlElement): void {
  const now = instantOfRun(cib, { epochSeconds: 1_700_000_000, offsetSeconds: 0 });
  const request = { cib, now, clock: now, reasons: true };
  const simulation = simulate(request);
  statusText(simulation);
  formatGraph(simulation);
  formatDot(simulation);
  for (const resource of simulation.cluster.resources) {
    placementReasons(simulation.cluster, resource).forEach(formatPlacementReasons);
  }
  documentAfter(simulateTransition(request, simulation).outcome);
}
