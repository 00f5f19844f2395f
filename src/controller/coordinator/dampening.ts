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

type Waiting = AttributeWish & { readonly dueMs: number };

export const nothingDampened: Dampening = { waiting: [] };

/** `present`: the value in the document. A wish for what is there already only takes back what waits. */
export function dampen(
  { waiting }: Dampening,
  wish: AttributeWish,
  { nowMs, present }: { readonly nowMs: number; readonly present: string | undefined },
): Dampening {
  const others = waiting.filter((each) => !isSame(each, wish));
  if (wish.value === present) return { waiting: others };
  if (waiting.some((each) => isSame(each, wish) && each.value === wish.value)) return { waiting };
  const dueMs = nowMs + wish.dampenMs;
  const delayed = others.map((each) => (each.name === wish.name ? { ...each, dueMs } : each));
  return { waiting: [...delayed, { ...wish, dueMs }] };
}

/** What is to be written now; it waits on until it is seen written, should this coordinator not live to do it. */
export function dueAttributes({ waiting }: Dampening, nowMs: number): StatusUpdate[] {
  return waiting
    .filter(({ dueMs }) => dueMs <= nowMs)
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

export function withoutDue({ waiting }: Dampening, nowMs: number): Dampening {
  return { waiting: waiting.filter(({ dueMs }) => dueMs > nowMs) };
}

export function nextDue({ waiting }: Dampening): number | undefined {
  return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ dueMs }) => dueMs));
}

type Subject = { readonly node: NodeName; readonly name: string };

function isSame(a: Subject, b: Subject): boolean {
  return a.node.id === b.node.id && a.name === b.name;
}
