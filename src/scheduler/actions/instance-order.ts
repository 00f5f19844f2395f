// The number of an instance is written at the end of its id.

import type { Resource } from '../model/index.ts';

/** The number after the last `:` (`rsc:2`), or else after the last `-` (`bundle-docker-2`). */
export function instanceNumber({ id }: Resource): number {
  const mark = id.includes(':') ? id.lastIndexOf(':') : id.lastIndexOf('-');
  return Number.parseInt(id.slice(mark + 1), 10) || 0;
}
