// What an XPath expression is once read.

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Axis = 'child' | 'descendant' | 'descendant-or-self' | 'self' | 'parent' | 'ancestor' | 'attribute';

export const axes: readonly Axis[] = [
  'child',
  'descendant',
  'descendant-or-self',
  'self',
  'parent',
  'ancestor',
  'attribute',
];

/** The name that every node has, the document itself too: what `.`, `..` and `//` mean. `*` is every element, or attribute. */
export const anyNode = 'node()';

/** One step of a path: everything on the axis that has the name (`*`: any), as far as all predicates hold. */
export type Step = { readonly axis: Axis; readonly name: string; readonly predicates: readonly Expression[] };

export type Expression =
  | { readonly kind: 'path'; readonly from: 'root' | 'here' | Expression; readonly steps: readonly Step[] }
  | { readonly kind: 'filter'; readonly of: Expression; readonly predicates: readonly Expression[] }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'and' | 'or' | 'union'; readonly parts: readonly Expression[] }
  | { readonly kind: 'compare'; readonly how: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly values: readonly Expression[] };

/** The functions, and how many arguments each takes at least and at most. */
export const functions = {
  position: [0, 0],
  last: [0, 0],
  not: [1, 1],
  id: [1, 1],
  count: [1, 1],
  name: [0, 1],
  'local-name': [0, 1],
  contains: [2, 2],
  'starts-with': [2, 2],
  'string-length': [0, 1],
  'normalize-space': [0, 1],
  concat: [2, 64],
  string: [0, 1],
  number: [0, 1],
  boolean: [1, 1],
  true: [0, 0],
  false: [0, 0],
} as const;

export type FunctionName = keyof typeof functions;
