// Values of `meta_attributes`, `instance_attributes`, `cluster_property_set` and `utilization`, read in this run's context.

import {
  collectValues,
  nvsetsOf,
  overrideValues,
  type RuleContext,
  type XmlElement,
  type XmlIndex,
} from '../../cib/index.ts';

/** What values may depend on: the document for references, what rules may ask, and who hears when time changes them. */
export type ValueContext = {
  readonly index: XmlIndex;
  readonly rules: RuleContext;
  readonly noteChange: (epochSeconds: number) => void;
};

/** The values of all sets named `setName` directly in `parent`; the set with id `firstId` wins over all others. */
export function valuesOf(
  parent: XmlElement | undefined,
  setName: string,
  context: ValueContext,
  firstId?: string,
): Map<string, string> {
  const values = new Map<string, string>();
  if (parent !== undefined)
    addValues(values, { parent, setName, ...(firstId === undefined ? {} : { firstId }) }, context);
  return values;
}

export type ValueSource = { readonly parent: XmlElement; readonly setName: string; readonly firstId?: string };

/** As `valuesOf`, but what `values` has already stays, unless a set says `#default`. */
export function addValues(values: Map<string, string>, source: ValueSource, context: ValueContext): void {
  const list = nvsetsOf(source.parent, source.setName, context.index, source.firstId);
  const changesAt = collectValues(values, list, context.index, context.rules);
  if (changesAt !== undefined) context.noteChange(changesAt);
}

/** As `addValues`, but what is read replaces what `values` has. */
export function replaceValues(values: Map<string, string>, source: ValueSource, context: ValueContext): void {
  const list = nvsetsOf(source.parent, source.setName, context.index, source.firstId);
  const changesAt = overrideValues(values, list, context.index, context.rules);
  if (changesAt !== undefined) context.noteChange(changesAt);
}

/** Whether the outcome can differ between nodes, resources, operations or times. */
export function hasRules(parent: XmlElement, setName: string, context: ValueContext): boolean {
  return nvsetsOf(parent, setName, context.index).hasRules;
}
