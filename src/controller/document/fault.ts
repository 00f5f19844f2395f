// Whether a document can be the cluster's.
import { validateCib, type XmlElement } from '../../cib/index.ts';
import { defined, type Failure, hasErrors } from '../../kit/index.ts';

/** The first thing that is wrong with it; undefined when it is valid. */
export function faultOf(cib: XmlElement): Failure | undefined {
  const findings = validateCib(cib);
  if (!hasErrors(findings)) return undefined;
  const first = defined(
    findings.find((finding) => finding.severity === 'error'),
    'there is an error',
  );
  const { what, why, fix, place } = first;
  return {
    kind: 'config',
    what: place.path === undefined ? what : `${place.path}: ${what}`,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}
