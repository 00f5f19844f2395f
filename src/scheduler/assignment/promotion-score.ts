// Promotion scores: what the agent of an instance says about its fitness to be promoted, as a node attribute `master-NAME`.

import { parseScore } from '../../cib/index.ts';
import { baseName } from '../configuration/naming.ts';
import { changeScore } from '../configuration/node-score.ts';
import { topOf, visitPrimitives } from '../configuration/tree.ts';
import { assignedAttribute, currentAttribute } from '../constraints/node-attribute.ts';
import { type Clone, type ClusterNode, type Group, isAvailable, type Primitive } from '../model/index.ts';
import { memberNamed } from '../status/owner.ts';
import type { Run } from './run.ts';

export type PromotionScore = { readonly score: number; readonly isFound: boolean };

const none: PromotionScore = { score: 0, isFound: false };

/** Adds positive promotion scores to the tables of the instances, once. */
export function addPromotionScores({ cluster }: Run, clone: Clone): void {
  if (clone.promotionScoresAdded) return;
  clone.promotionScoresAdded = true;
  for (const instance of clone.instances) {
    for (const node of cluster.nodes) {
      if (!instance.allowed.has(node.index) || !isAvailable(node)) continue;
      const { score } = promotionScoreOf(instance, node);
      if (score > 0) changeScore(cluster, instance, node, { score, cause: { kind: 'promotion', score } });
      if (score > instance.priority) instance.priority = score;
    }
  }
}

export function promotionScoreOf(instance: Primitive | Group, node: ClusterNode): PromotionScore {
  if (instance.variant === 'primitive') return primitiveScore(instance, node);
  let total = none;
  for (const member of instance.members) {
    const { score, isFound } = primitiveScore(member, node);
    total = { score: total.score + score, isFound: total.isFound || isFound };
  }
  return total;
}

function primitiveScore(resource: Primitive, node: ClusterNode): PromotionScore {
  if (!applies(resource, node)) return none;
  const text = promotionAttribute(resource, node);
  return text === undefined ? none : { score: parseScore(text) ?? 0, isFound: true };
}

function promotionAttribute(resource: Primitive, node: ClusterNode): string | undefined {
  const lookUp = resource.decided ? assignedAttribute : currentAttribute;
  const text = lookUp(resource, node, `master-${resource.historyId ?? resource.id}`);
  const base = baseName(resource.id);
  if (text !== undefined || resource.unique || base === resource.id) return text;
  return lookUp(resource, node, `master-${base}`);
}

/** The score counts for an instance that the node knows, or for any as long as nothing is known. */
function applies(resource: Primitive, node: ClusterNode): boolean {
  const isAllowed = resource.allowed.has(node.index) && resource.allowed.score(node.index) >= 0;
  const top = topOf(resource);
  if (top.variant === 'clone' && !top.unique) {
    const active = activeInstance(top, resource, node);
    if (active === resource) return isAllowed;
    if (active === undefined && isProbedAnywhere(top, node)) return isAllowed;
  }
  if (resource.activeNodes.length === 0 && resource.probedOn.size === 0) return isAllowed;
  return (resource.probedOn.has(node.index) || resource.activeNodes.includes(node)) && isAllowed;
}

/** The counterpart of `resource` that is active on the node. */
function activeInstance(clone: Clone, resource: Primitive, node: ClusterNode): Primitive | undefined {
  const name = baseName(resource.id);
  for (const instance of clone.instances) {
    const member = memberNamed(instance, name);
    if (member?.activeNodes.includes(node) === true) return member;
  }
  return undefined;
}

function isProbedAnywhere(clone: Clone, node: ClusterNode): boolean {
  let isProbed = false;
  for (const instance of clone.instances) {
    visitPrimitives(instance, (each) => {
      if (each.probedOn.has(node.index)) isProbed = true;
    });
  }
  return isProbed;
}
