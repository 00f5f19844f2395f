// What a program says of a document, in forms that can be compared.

export type Answer = {
  /** What `crm_simulate -S` prints. */
  readonly summary: string;
  /** The transition, action by action. */
  readonly graph: string;
  /** Every score of every attempt, sorted. */
  readonly scores: string;
  /** The transition with the numbers and in the order of its actions. */
  readonly exact: string;
  readonly dot: string;
};

export type Aspect = keyof Answer;
