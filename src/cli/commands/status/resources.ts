// Resources as a tree: what contains others first, its members below it.
import type { ResourceState, ResourceView } from '../../../api/index.ts';
import { alignedRows, type Cell } from '../../terminal/columns.ts';
import type { Style } from '../../terminal/style.ts';
import type { Look } from './nodes.ts';

export function resourceRows(resources: readonly ResourceView[], { style, indent }: Look): string[] {
  return alignedRows(
    resources.flatMap((resource) => rowsOf(resource, { style, depth: 0 })),
    indent,
  );
}

function rowsOf(resource: ResourceView, { style, depth }: { readonly style: Style; readonly depth: number }): Cell[][] {
  const { id, children, agent, kind, state, nodes } = resource;
  const row: Cell[] = [
    `${'  '.repeat(depth)}${id}`,
    { text: state, style: styleOf(state, resource, style) },
    children.length === 0 || kind === 'group' ? nodes.join(', ') : '',
    { text: [agent ?? kind, ...notesOf(resource)].join(', '), style: style.quiet },
  ];
  return [row, ...children.flatMap((child) => rowsOf(child, { style, depth: depth + 1 }))];
}

function styleOf(state: ResourceState, { disabled }: ResourceView, style: Style): (text: string) => string {
  switch (state) {
    case 'started':
    case 'promoted':
    case 'unpromoted':
      return style.good;
    case 'starting':
    case 'stopping':
      return style.warn;
    case 'stopped':
      return disabled ? style.quiet : style.bad;
    default:
      return style.bad;
  }
}

function notesOf({ disabled, managed, maintenance, removed }: ResourceView): string[] {
  return [
    ...(disabled ? ['to stay stopped'] : []),
    ...(maintenance ? ['in maintenance'] : managed ? [] : ['unmanaged']),
    ...(removed ? ['not configured any more'] : []),
  ];
}
