// What a command could not do, in the words its user needs. The kind decides the exit code (src/cli/exit-code.ts).

export type FailureKind =
  | 'usage' // the command line itself
  | 'config' // a file or document the user wrote
  | 'not-found' // a name that does not exist
  | 'exists' // a name that is taken
  | 'permission' // not allowed to this user
  | 'unavailable' // a program, kernel feature or daemon that is not there
  | 'timeout' // it did not happen in the time given
  | 'no-quorum' // the partition may not decide
  | 'unsafe' // would need --force
  | 'failed'; // it was tried and failed

/** A failure to show to a person: what is wrong, why, and what to do about it. */
export type Failure = {
  readonly kind: FailureKind;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
};

/** Carries a `Failure` up to the command line, where it becomes one sentence and an exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(formatFailure(failure));
    this.failure = failure;
  }
}

/** One line: `what: why (fix)`. */
export function formatFailure(failure: Failure): string {
  const why = failure.why === undefined ? '' : `: ${failure.why}`;
  const fix = failure.fix === undefined ? '' : `. ${failure.fix}`;
  return `${failure.what}${why}${fix}`;
}
