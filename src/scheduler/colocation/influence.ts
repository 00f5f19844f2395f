// How much, and whether at all, what a dependent prefers counts for its primary.

import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Colocation, Resource } from '../model/index.ts';

/** Weight of a colocation's score, rounded as single-precision arithmetic rounds it. */
export function factorOf(score: number): number {
  return Math.fround(Math.fround(score) / Math.fround(INFINITY_SCORE));
}

/** The weight of a colocation that is reached through another. */
export function nestedFactor(factor: number, score: number): number {
  return Math.fround(Math.fround(factor * Math.fround(score)) / Math.fround(INFINITY_SCORE));
}

/** A score by its weight: rounded half away from zero, but never to nothing. */
export function weighted(factor: number, score: number): number {
  const product = Math.fround(factor * Math.fround(score));
  const rounded = Math.sign(product) * Math.round(Math.abs(product));
  return rounded === 0 && score !== 0 ? Math.sign(factor) : rounded;
}

/** Whether the dependent's preferences may move the primary: not where that would move something active without need. */
export function hasInfluence(colocation: Colocation, primary: Resource = colocation.primary): boolean {
  const { dependent } = colocation;
  const isNestedConnection = dependent.variant === 'primitive' && dependent.nestedAllowed;
  if (isNestedConnection && !primary.failed && primary.activeNodes.length === 1) return false;
  return colocation.influence || primary.activeNodes.length === 0;
}
