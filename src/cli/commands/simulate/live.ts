// What if, on the running cluster: what would move, in which order, how long it should take, what would stay down and why.
import { clockInstant, currentDocument, type Forecast, forecastOf, withLostNodes } from '../../../api/index.ts';
import type { XmlElement } from '../../../cib/index.ts';
import { CommandFailure, formatDuration } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { checkedEdit, together } from '../../edits/check.ts';
import { stopEdits } from '../../edits/meta.ts';
import { nodeAttributeEdits } from '../../edits/node.ts';
import { propertyEdits } from '../../edits/property.ts';
import { replacementOf } from '../../edits/replacement.ts';
import { pairsOf } from '../../edits/values.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';
import { readXmlFile } from '../../xml-file.ts';

export type WhatIfFlags = AnswerFlags & {
  readonly fail?: readonly string[];
  readonly standby?: readonly string[];
  readonly stop?: readonly string[];
  readonly set?: readonly string[];
  readonly apply?: string;
};

export async function simulateLive(flags: WhatIfFlags): Promise<void> {
  const session = new ClusterSession();
  const [document, history] = await Promise.all([session.document(), session.client.history()]);
  const forecast = forecastOf(currentDocument(supposed(document, flags)), clockInstant(), history);
  show(flags, forecast, () => forecastLines(forecast));
}

/** The document as it would be. @throws CommandFailure for names that there are not, and for changes that are not valid */
export function supposed(document: XmlElement, flags: WhatIfFlags): XmlElement {
  let cib = document;
  if (flags.apply !== undefined) {
    cib = checkedEdit(cib, replacementOf(readXmlFile(flags.apply))).after;
  }
  const edits = [
    ...(flags.standby ?? []).flatMap((node) => nodeAttributeEdits(cib, node, new Map([['standby', 'on']]))),
    ...(flags.stop ?? []).flatMap((resource) => stopEdits(cib, resource)),
    ...propertyEdits(cib, pairsOf(flags.set ?? [])),
  ];
  if (edits.length > 0) cib = checkedEdit(cib, together(edits)).after;
  const lost = withLostNodes(cib, flags.fail ?? []);
  if (lost.ok) return lost.value;
  throw new CommandFailure(lost.error);
}

export function forecastLines({ fencing, changes, steps, expectedMs, down }: Forecast): string[] {
  const { strong, quiet, bad } = styleFor(process.stdout);
  if (fencing.length + changes.length + steps.length === 0) return ['Nothing would be done.', ...downLines(down)];
  const fenced = fencing.map(({ node, operation, reason }) => ['fence', `${node} (${operation})`, reason]);
  const moved = changes.map(({ change, resource, from, to, reason }) => [
    change,
    resource,
    from === null || to === null || from === to ? (to ?? from ?? '') : `${from} -> ${to}`,
    { text: reason, style: quiet },
  ]);
  const numbered = steps.map(({ action, node, durationMs }, at) => [
    `${at + 1}`.padStart(`${steps.length}`.length),
    action,
    node ?? '',
    durationMs === undefined ? '' : formatDuration(durationMs),
  ]);
  const unknown = steps.filter(({ durationMs }) => durationMs === undefined).length;
  const except = unknown === 0 ? '' : `; ${unknown} ${unknown === 1 ? 'was' : 'were'} never done before`;
  const none = fenced.length + moved.length === 0 ? ['  nothing'] : [];
  return [
    strong('What would change'),
    ...alignedRows(fenced.map(([verb = '', ...rest]) => [{ text: verb, style: bad }, ...rest])),
    ...alignedRows(moved),
    ...none,
    '',
    strong(
      `In this order${expectedMs > 0 ? ` (about ${formatDuration(expectedMs)}, from what it took before${except})` : ''}`,
    ),
    ...(numbered.length === 0 ? ['  nothing can be done'] : alignedRows(numbered)),
    ...downLines(down),
  ];
}

function downLines(down: Forecast['down']): string[] {
  if (down.length === 0) return [];
  const { strong } = styleFor(process.stdout);
  return ['', strong('What would not run'), ...alignedRows(down.map(({ resource, why }) => [resource, why]))];
}
