// Applies a patch: deletions first, then attributes, then everything that has a new place, parent by parent in the order
// of their positions. Only the elements on the way to a change are copied, into drafts, and those become elements again
// at the end.
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';
import { versionedDigest } from '../digest/digest.ts';
import { XmlElement, type XmlNode } from '../xml/element.ts';
import type { Change, Patch } from './patch.ts';
import { indexOfStep, type PathStep, parsePath } from './path.ts';
import { cibVersionOf, compareCibVersions, formatCibVersion } from './version.ts';

/** Why a patch was not applied. */
export type PatchRefusal =
  | 'older' // the document is older than the patch's source: something in between is missing
  | 'newer' // the document is newer: the patch has been applied already, or came late
  | 'mismatch' // an element that should be there is not, or a path is none
  | 'digest'; // the outcome is not what the patch's maker had

export type PatchFailure = { readonly reason: PatchRefusal; readonly diagnostic: Diagnostic };

/**
 * The document with the patch applied. A patch that names versions is applied only to its source; one that names a
 * digest must lead to it. The document given is untouched either way.
 */
export function applyPatch(cib: XmlElement, patch: Patch): Result<XmlElement, PatchFailure> {
  const { versions } = patch;
  if (versions !== undefined) {
    const present = cibVersionOf(cib);
    const order = compareCibVersions(present, versions.source);
    if (order !== 0) {
      const what = `the patch is for version ${formatCibVersion(versions.source)}, the document has ${formatCibVersion(present)}`;
      return refuse(order < 0 ? 'older' : 'newer', '/cib', what);
    }
  }
  const applied = applyChanges(cib, patch.changes);
  if (!applied.ok || patch.digest === undefined || versionedDigest(applied.value) === patch.digest) return applied;
  return refuse(
    'digest',
    '/cib',
    `the patched document is not the one the patch was made for (digest ${patch.digest})`,
  );
}

/** The tree with the changes made, whatever its version. */
export function applyChanges(root: XmlElement, changes: readonly Change[]): Result<XmlElement, PatchFailure> {
  const draft = draftOf(root);
  const placements = new Map<Draft, Placement[]>();
  for (const kind of ['delete', 'modify', 'move', 'create'] as const) {
    for (const change of changes) {
      if (change.kind !== kind || applyChange(draft, change, placements)) continue;
      const path = change.kind === 'create' ? change.parent : change.path;
      return refuse('mismatch', path, `the document has nothing at ${path} to ${kind}`);
    }
  }
  for (const [parent, list] of placements) place(parent, list);
  return ok(finish(draft));
}

function refuse(reason: PatchRefusal, path: string, what: string): Result<never, PatchFailure> {
  return err({ reason, diagnostic: { severity: 'error', place: { path }, what } });
}

/** An element that is being changed. */
class Draft {
  readonly source: XmlElement;
  attributePairs: readonly string[];
  nodes: (XmlNode | Draft)[];

  constructor(source: XmlElement) {
    this.source = source;
    this.attributePairs = source.attributePairs;
    this.nodes = [...source.nodes];
  }
}

type Placement = { readonly position: number; readonly node: XmlNode | Draft };

function draftOf(element: XmlElement): Draft {
  return new Draft(element);
}

function elementBehind(node: XmlNode | Draft): XmlNode {
  return node instanceof Draft ? node.source : node;
}

function applyChange(root: Draft, change: Change, placements: Map<Draft, Placement[]>): boolean {
  switch (change.kind) {
    case 'delete':
      return deleteNode(root, change);
    case 'modify': {
      const target = draftAt(root, parsePath(change.path));
      if (target === undefined) return false;
      target.attributePairs = (change.result ?? withChanges(target, change.attributes)).attributePairs;
      return true;
    }
    case 'move': {
      const found = findNode(root, change.path);
      if (found === undefined) return false;
      const node = draftIn(found.parent, found.index);
      placementsOf(placements, found.parent).push({ position: change.position, node });
      return true;
    }
    case 'create': {
      const parent = draftAt(root, parsePath(change.parent));
      if (parent === undefined) return false;
      placementsOf(placements, parent).push({ position: change.position, node: change.node });
      return true;
    }
  }
}

function withChanges(target: Draft, attributes: readonly { name: string; value: string | undefined }[]): XmlElement {
  const present = new XmlElement(target.source.name, target.attributePairs);
  return present.with(Object.fromEntries(attributes.map(({ name, value }) => [name, value])));
}

function deleteNode(root: Draft, { path, position }: Change & { readonly kind: 'delete' }): boolean {
  const steps = parsePath(path);
  const last = steps?.at(-1);
  if (position !== undefined && (last?.name === 'comment' || last?.name === 'text')) {
    const parent = draftAt(root, steps?.slice(0, -1));
    const node = parent?.nodes[position];
    if (parent !== undefined && node !== undefined && elementBehind(node).kind === last.name) {
      parent.nodes.splice(position, 1);
      return true;
    }
  }
  const found = findNode(root, path);
  if (found === undefined) return false;
  found.parent.nodes.splice(found.index, 1);
  return true;
}

function findNode(root: Draft, path: string): { readonly parent: Draft; readonly index: number } | undefined {
  const steps = parsePath(path);
  const last = steps?.at(-1);
  const parent = draftAt(root, steps?.slice(0, -1));
  if (parent === undefined || last === undefined) return undefined;
  const index = indexOfStep(parent.nodes, last, elementBehind);
  return index < 0 ? undefined : { parent, index };
}

/** The element at a path, made a draft together with everything above it. */
function draftAt(root: Draft, steps: readonly PathStep[] | undefined): Draft | undefined {
  const [first, ...below] = steps ?? [];
  if (first === undefined || indexOfStep([root.source], first, (node) => node) < 0) return undefined;
  let current = root;
  for (const step of below) {
    const index = indexOfStep(current.nodes, step, elementBehind);
    const next = index < 0 ? undefined : draftIn(current, index);
    if (!(next instanceof Draft)) return undefined;
    current = next;
  }
  return current;
}

function draftIn(parent: Draft, index: number): XmlNode | Draft {
  const node = parent.nodes[index] as XmlNode | Draft;
  if (node instanceof Draft || node.kind !== 'element') return node;
  const draft = draftOf(node);
  parent.nodes[index] = draft;
  return draft;
}

function placementsOf(placements: Map<Draft, Placement[]>, parent: Draft): Placement[] {
  const list = placements.get(parent) ?? [];
  placements.set(parent, list);
  return list;
}

/** Moved nodes leave their places before any takes its new one; positions count in the finished list. */
function place(parent: Draft, list: readonly Placement[]): void {
  // A moved node is a draft; a created one may be the very object that also stays elsewhere in the list.
  const moving = new Set(list.map(({ node }) => node).filter((node) => node instanceof Draft));
  const staying = parent.nodes.filter((node) => !(node instanceof Draft && moving.has(node)));
  const nodes: (XmlNode | Draft)[] = [];
  let next = 0;
  for (const { position, node } of [...list].sort((left, right) => left.position - right.position)) {
    while (nodes.length < position && next < staying.length) nodes.push(staying[next++] as XmlNode | Draft);
    nodes.push(node);
  }
  parent.nodes = [...nodes, ...staying.slice(next)];
}

function finish(draft: Draft): XmlElement {
  const { source, attributePairs, nodes } = draft;
  const finished = nodes.map((node) => (node instanceof Draft ? finish(node) : node));
  const sameNodes =
    finished.length === source.nodes.length && finished.every((node, index) => node === source.nodes[index]);
  if (sameNodes && attributePairs === source.attributePairs) return source;
  return new XmlElement(source.name, attributePairs, sameNodes ? source.nodes : finished, source);
}
