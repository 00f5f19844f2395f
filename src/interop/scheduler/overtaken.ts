// An operation that is under way and, as far as whole seconds tell, began before its last failure.
import { type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Difference } from './generations.ts';

/** Whether 2.1.5 alone shows such an operation as under way, and all else is the same. */
export function overtakenByFailure({ cib, aspect, haven, onlyPeer, onlyHaven }: Difference): boolean {
  const overtaken = overtakenResources(cib);
  const shown = onlyPeer.map((line) => {
    const resource = /^\* (\S+)\s.* \(Monitoring\)$/.exec(line)?.[1] ?? '';
    return overtaken.has(resource) ? line.replace(/ \(Monitoring\)$/, '') : line;
  });
  const [said, missing] = [new Set(haven.split('\n')), new Set(shown)];
  return aspect === 'summary' && shown.every((line) => said.has(line)) && onlyHaven.every((line) => missing.has(line));
}

function overtakenResources(cib: XmlElement): Set<string> {
  const resources = [...xmlIndexOf(cib).allNamed('lrm_resource')].filter(({ children }) =>
    children.some((pending) => isPending(pending) && children.some((failure) => overtakes(failure, pending))),
  );
  return new Set(resources.flatMap(({ id }) => id ?? []));
}

function isPending(entry: XmlElement): boolean {
  return entry.get('op-status') === '-1';
}

function overtakes(failure: XmlElement, pending: XmlElement): boolean {
  const same = ['operation', 'interval'].every((name) => failure.get(name) === pending.get(name));
  const [failed = Number.NaN, began = Number.NaN] = [failure, pending].map((each) =>
    Number(each.get('last-rc-change')),
  );
  return failure.id?.includes('_last_failure_') === true && same && failed >= began;
}
