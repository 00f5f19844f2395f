// What an edit would make of the document: refused here, before anything is sent, when the cluster would not accept it.
import { validateCib, type XmlElement } from '../../cib/index.ts';
import { applyEdit, type Edit } from '../../controller/index.ts';
import { CommandFailure, type Diagnostic } from '../../kit/index.ts';

export type CheckedEdit = {
  readonly edit: Edit;
  readonly after: XmlElement;
  /** What the cluster accepts, but would not do as meant; only what the edit brought. */
  readonly warnings: readonly Diagnostic[];
};

/** @throws CommandFailure with the place and the reason */
export function checkedEdit(before: XmlElement, edit: Edit): CheckedEdit {
  const applied = applyEdit(before, edit);
  if (!applied.ok) throw new CommandFailure(applied.error);
  const known = new Set(validateCib(before).map(identityOf));
  const brought = validateCib(applied.value).filter((finding) => !known.has(identityOf(finding)));
  const [error, ...others] = brought.filter(({ severity }) => severity === 'error');
  if (error !== undefined) throw new CommandFailure(refusalOf(error, others.length));
  const warnings = brought.filter(({ severity }) => severity === 'warning');
  return { edit, after: applied.value, warnings };
}

/** One edit, however many. */
export function together(edits: readonly Edit[]): Edit {
  const [only] = edits;
  return only !== undefined && edits.length === 1 ? only : { kind: 'all', edits };
}

/** Lines move with an edit; what is said of which object does not. */
function identityOf({ place, what, why }: Diagnostic): string {
  return `${place.path ?? ''}|${what}|${why ?? ''}`;
}

function refusalOf({ place, what, why, fix }: Diagnostic, others: number) {
  const where = place.path === undefined ? '' : `${place.path}: `;
  const more = others === 0 ? '' : ` (and ${others} more)`;
  return {
    kind: 'config' as const,
    what: `${where}${what}${more}`,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}
