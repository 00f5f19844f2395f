import type { XmlElement } from '../../../cib/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { constraintsIn } from '../../edits/constraint.ts';
import { constraintText } from '../../edits/constraint-text.ts';
import { constrainedNamed } from '../../edits/names.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';

export async function list(flags: AnswerFlags, resource: string | undefined): Promise<void> {
  const document = await new ClusterSession().document();
  if (resource !== undefined) constrainedNamed(document, resource);
  const constraints = constraintsIn(document).filter((each) => resource === undefined || mentions(each, resource));
  const described = constraints.map((each) => ({
    id: each.id ?? '',
    kind: each.name.replace('rsc_', ''),
    text: constraintText(each),
    attributes: Object.fromEntries(each.attributes()),
  }));
  const { quiet } = styleFor(process.stdout);
  show(flags, described, () =>
    alignedRows(
      described.map(({ id, kind, text }) => [kind, text, { text: id, style: quiet }]),
      0,
    ),
  );
}

function mentions(element: XmlElement, resource: string): boolean {
  const named = ['rsc', 'with-rsc', 'first', 'then'].some((name) => element.get(name) === resource);
  const referred = element.name === 'resource_ref' && element.id === resource;
  return named || referred || element.children.some((child) => mentions(child, resource));
}
