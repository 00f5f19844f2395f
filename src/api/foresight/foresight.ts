// What the API foresees and explains, on the document of this moment.
import type { XmlElement } from '../../cib/index.ts';
import { applyEdit, type Edit, type TransitionSummary } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { simulate } from '../../scheduler/index.ts';
import { clockInstant, currentDocument } from './current.ts';
import { type Forecast, forecastOf, withLostNodes } from './forecast.ts';
import { type Reasons, reasonsFor } from './reasons.ts';
import { unknownName } from './unknown-name.ts';

/** What if this edit were made, and these nodes were lost; neither: what would be done as things are. */
export type SimulateRequest = { readonly edit?: Edit; readonly fail?: readonly string[] };

/** @throws CommandFailure for an edit that cannot be made, and for names that there are not */
export function foresee(
  cib: XmlElement,
  { edit, fail = [] }: SimulateRequest,
  history: readonly TransitionSummary[],
): Forecast {
  const edited = edit === undefined ? { ok: true as const, value: cib } : applyEdit(cib, edit);
  if (!edited.ok) throw new CommandFailure(edited.error);
  const lost = withLostNodes(edited.value, fail);
  if (!lost.ok) throw new CommandFailure(lost.error);
  return forecastOf(currentDocument(lost.value), clockInstant(), history);
}

export type WhyRequest = { readonly resource: string; readonly node: string | undefined };

/** @throws CommandFailure for names that there are not */
export function explain(cib: XmlElement, { resource, node }: WhyRequest): Reasons {
  const simulation = simulate({ cib: currentDocument(cib), now: clockInstant(), reasons: true, secrets: 'compared' });
  const names = simulation.cluster.nodes.map(({ name }) => name);
  if (node !== undefined && !names.includes(node))
    throw new CommandFailure(unknownName(`there is no node '${node}'`, node, names));
  return reasonsFor(simulation, resource, node);
}
