// Assertions state what this program promises itself. They stay on in production: a broken promise stops the daemon,
// which hands over first. What a user or a peer can get wrong is never an assertion (see diagnostic.ts, result.ts).

/** A promise this program made to itself does not hold. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Stops with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The value, known to be there; `message` says why it must be. */
export function defined<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionFailure(message);
  return value;
}

/** The end of an exhaustive switch: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable case: ${JSON.stringify(value)}`);
}
