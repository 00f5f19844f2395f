// A name that is not among those that there are.
import { type Failure, nearest } from '../../kit/index.ts';

const namesListedMax = 12;

/** `what` says what there is not; the nearest name follows, or those that there are. */
export function unknownName(what: string, name: string, names: readonly string[]): Failure {
  const near = nearest(name, names);
  const fix = near === undefined ? listed(names) : `Did you mean '${near}'?`;
  return { kind: 'not-found', what, ...(fix === undefined ? {} : { fix }) };
}

function listed(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const rest = names.length > namesListedMax ? ` and ${names.length - namesListedMax} more` : '';
  return `There is: ${names.slice(0, namesListedMax).join(', ')}${rest}`;
}
