import type { NodeView } from '../../../api/index.ts';
import { alignedRows } from '../../terminal/columns.ts';
import type { Style } from '../../terminal/style.ts';

export type Look = { readonly style: Style; readonly indent: number };

/** A line a node: name, state, how much it runs, and what is special about it. */
export function nodeRows(nodes: readonly NodeView[], { style, indent }: Look): string[] {
  const rows = nodes.map((node) => [
    node.name,
    { text: node.state, style: styleOf(node, style) },
    runningText(node),
    { text: notesOf(node).join(', '), style: style.quiet },
  ]);
  return alignedRows(rows, indent);
}

function styleOf({ state }: NodeView, style: Style): (text: string) => string {
  switch (state) {
    case 'online':
      return style.good;
    case 'offline':
    case 'lost':
      return style.bad;
    default:
      return style.warn;
  }
}

function runningText({ running }: NodeView): string {
  if (running === 0) return 'runs nothing';
  return running === 1 ? 'runs 1 resource' : `runs ${running} resources`;
}

function notesOf({ coordinator, self }: NodeView): string[] {
  return [...(coordinator ? ['coordinator'] : []), ...(self ? ['this node'] : [])];
}
