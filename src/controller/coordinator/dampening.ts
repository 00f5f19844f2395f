// Attribute values that wait a while before they are written, so that what all nodes notice at about the same time (a
// gateway that no longer answers) is weighed at once and not one node after the other. The time begins anew with every
// new value of the attribute on any node; then all that wait are written together (man 8 attrd_updater, --delay).
import type { NodeName, StatusUpdate } from '../document/status.ts';

export type AttributeWish = {
  readonly node: NodeName;
  readonly name: string;
  /** Undefined removes the attribute. */
  readonly value: string | undefined;
  readonly dampenMs: number;
};

export type Dampening = { readonly waiting: readonly Waiting[] };

/** `said`: it is on its way into the document, which a change of the membership may prevent. */
type Waiting = AttributeWish & { readonly dueMs: number; readonly said: boolean };

export const nothingDampened: Dampening = { waiting: [] };

/** `present`: the value in the document. A wish for what is there already only takes back what waits. */
export function dampen(
  { waiting }: Dampening,
  wish: AttributeWish,
  { nowMs, present }: { readonly nowMs: number; readonly present: string | undefined },
): Dampening {
  const others = waiting.filter((each) => !isSame(each, wish));
  const known = waiting.find((each) => isSame(each, wish));
  if (wish.value === present && known?.said !== true) return { waiting: others };
  if (known !== undefined && known.value === wish.value) return { waiting };
  const dueMs = nowMs + wish.dampenMs;
  const delayed = others.map((each) => (each.name === wish.name && !each.said ? { ...each, dueMs } : each));
  return { waiting: [...delayed, { ...wish, dueMs, said: false }] };
}

/** What is to be written now; it waits on until it is seen written, should this coordinator not live to do it. */
export function dueAttributes({ waiting }: Dampening, nowMs: number): StatusUpdate[] {
  return waiting
    .filter(({ dueMs, said }) => dueMs <= nowMs && !said)
    .map(({ node, name, value }) => ({ kind: 'attribute', node, name, value }));
}

/** What the update has made true, or void: a node that left has no attributes. */
export function written({ waiting }: Dampening, update: StatusUpdate): Dampening {
  switch (update.kind) {
    case 'attribute':
      return { waiting: waiting.filter((each) => !isSame(each, update)) };
    case 'node-left':
      return { waiting: waiting.filter(({ node }) => node.id !== update.node.id) };
    default:
      return { waiting };
  }
}

export function dueSaid({ waiting }: Dampening, nowMs: number): Dampening {
  return { waiting: waiting.map((each) => (each.dueMs <= nowMs ? { ...each, said: true } : each)) };
}

/** After a change of the membership. */
export function unsaid({ waiting }: Dampening): Dampening {
  return { waiting: waiting.map((each) => ({ ...each, said: false })) };
}

export function nextDue({ waiting }: Dampening): number | undefined {
  const due = waiting.filter(({ said }) => !said).map(({ dueMs }) => dueMs);
  return due.length === 0 ? undefined : Math.min(...due);
}

type Subject = { readonly node: NodeName; readonly name: string };

function isSame(a: Subject, b: Subject): boolean {
  return a.node.id === b.node.id && a.name === b.name;
}
