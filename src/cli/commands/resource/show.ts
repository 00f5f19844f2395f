import type { ResourceView } from '../../../api/index.ts';
import type { XmlElement } from '../../../cib/index.ts';
import { type AnswerFlags, ClusterSession, show as print } from '../../cluster/session.ts';
import { bundleLines } from '../../edits/bundle.ts';
import { constraintsIn } from '../../edits/constraint.ts';
import { constraintText } from '../../edits/constraint-text.ts';
import { isResource, resourceNamed } from '../../edits/names.ts';
import { concealed, secretsIn } from '../../edits/secrets.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';
import { resourceRows } from '../status/resources.ts';

export async function show(flags: AnswerFlags, id: string | undefined): Promise<void> {
  const session = new ClusterSession();
  const { resources } = await session.client.status();
  const look = { style: styleFor(process.stdout), indent: 0 };
  if (id === undefined) return print(flags, resources, () => resourceRows(resources, look));
  const document = await session.document();
  const element = resourceNamed(document, id);
  const constraints = constraintsIn(document).filter((each) => speaksOf(each, id));
  const view = resources.flatMap((each) => findView(each, id));
  const described = { ...configuredOf(element), status: view, constraints: constraints.map(constraintText) };
  return print(flags, described, () => [
    ...resourceRows(view, look),
    ...configurationLines(element, 2),
    ...constraints.map((each) => `  constraint  ${constraintText(each)}`),
  ]);
}

function findView(view: ResourceView, id: string): ResourceView[] {
  return view.id === id ? [view] : view.children.flatMap((child) => findView(child, id));
}

function speaksOf(constraint: XmlElement, id: string): boolean {
  return ['rsc', 'with-rsc', 'first', 'then'].some((name) => constraint.get(name) === id);
}

function pairsOf(element: XmlElement, set: string): Record<string, string> {
  const pairs = element.childrenNamed(set).flatMap((each) => each.childrenNamed('nvpair'));
  return Object.fromEntries(pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

function operationsOf(element: XmlElement): Record<string, string>[] {
  const operations = element.child('operations')?.childrenNamed('op') ?? [];
  return operations.map((operation) => Object.fromEntries(operation.attributes()));
}

function configuredOf(element: XmlElement): object {
  return {
    id: element.id,
    kind: element.name,
    agent: ['class', 'provider', 'type'].flatMap((name) => element.get(name) ?? []).join(':') || undefined,
    parameters: pairsOf(element, 'instance_attributes'),
    meta: pairsOf(element, 'meta_attributes'),
    operations: operationsOf(element),
    members: element.children.filter(isResource).map(configuredOf),
  };
}

function configurationLines(element: XmlElement, indent: number): string[] {
  const operations = operationsOf(element).map(({ id: _id, name = '', ...rest }) => {
    const settings = Object.entries(rest).map(([key, value]) => `${key}=${value}`);
    return ['operation', name, settings.join(' ')];
  });
  const rows = [
    ...Object.entries(pairsOf(element, 'instance_attributes')).map(([name, value]) => [
      'parameter',
      name,
      secretsIn(element).has(name) ? concealed : value,
    ]),
    ...(element.name === 'bundle' ? bundleLines(element) : []),
    ...Object.entries(pairsOf(element, 'meta_attributes')).map((pair) => ['meta', ...pair]),
    ...operations,
  ];
  const members = element.children.filter(isResource);
  const inner = members.flatMap((each) => [`${' '.repeat(indent)}${each.id}`, ...configurationLines(each, indent + 2)]);
  return [...alignedRows(rows, indent), ...inner];
}
