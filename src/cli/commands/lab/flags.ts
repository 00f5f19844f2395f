// What the `haven lab` commands have in common: which lab, and how to answer.
import { CommandFailure } from '../../../kit/index.ts';
import type { Lab } from '../../../lab/index.ts';

export const labFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'NAME',
  brief: 'Which lab; not needed when there is one only',
} as const;

export const jsonFlag = { kind: 'boolean', optional: true, withNegated: false, brief: 'Answer in JSON' } as const;

export const linkFlag = {
  kind: 'parsed',
  parse: wholeNumber,
  optional: true,
  placeholder: 'N',
  brief: 'Only this link, counted from 0; default all',
} as const;

export const hostParameter = { parse: String, placeholder: 'HOST', brief: 'Name of a host' } as const;

export type LabFlags = { readonly lab?: string; readonly json?: boolean };

/** The lab room is loaded when a lab command runs, not for every `haven`. */
export function loadLabRoom() {
  return import('../../../lab/index.ts');
}

/** The lab that was named, or the only one. @throws CommandFailure `not-found`, `usage`, `unavailable`. */
export async function chosenLab(flags: LabFlags): Promise<Lab> {
  const { listLabs, openLab } = await loadLabRoom();
  if (flags.lab !== undefined) return openLab(flags.lab);
  const names = listLabs().map(({ name }) => name);
  if (names.length === 0)
    throw new CommandFailure({ kind: 'not-found', what: 'there is no lab', fix: 'Run: haven lab up' });
  const [only = ''] = names;
  if (names.length === 1) return openLab(only);
  throw new CommandFailure({
    kind: 'usage',
    what: `there are ${names.length} labs: ${names.join(', ')}`,
    fix: 'Say which: --lab NAME',
  });
}

/** One sentence for people, or the same as an object for programs. */
export function answer(flags: LabFlags, sentence: string, object: unknown): void {
  process.stdout.write(flags.json === true ? `${JSON.stringify(object)}\n` : `${sentence}\n`);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`'${text}' is not a whole number`);
  return Number(text);
}
