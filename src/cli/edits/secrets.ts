// Passwords and the like in documents: shown to nobody who did not ask for the document itself.
import { secretNames } from '../../agents/index.ts';
import { walkXml, type XmlElement } from '../../cib/index.ts';

export const concealed = '********';

/** Names of parameters that are secret: by themselves, or because an agent said so when it was run (`op-secure-params`). */
export function secretsIn(...documents: readonly XmlElement[]): ReadonlySet<string> {
  const names = new Set(secretNames);
  for (const document of documents) {
    walkXml(document, (element) => {
      for (const name of (element.get('op-secure-params') ?? '').split(' ')) if (name !== '') names.add(name);
    });
  }
  return names;
}

/** A part of a document, or a patch of one, with the values of these parameters struck out. */
export function withoutSecrets(element: XmlElement, names: ReadonlySet<string>): XmlElement {
  const isPair = element.name === 'nvpair' && names.has(element.get('name') ?? '');
  const shown = isPair ? element.with({ value: concealed }) : element;
  const tellsOfPair = element.name === 'change' && walkedPairs(element).some((name) => names.has(name));
  return shown.withNodes(
    shown.nodes.map((node) => {
      if (node.kind !== 'element') return node;
      return withoutSecrets(tellsOfPair && node.name === 'change-list' ? withoutValues(node) : node, names);
    }),
  );
}

/** Names of the pairs that a change of a patch leads to. */
function walkedPairs(change: XmlElement): string[] {
  const results = change.child('change-result')?.childrenNamed('nvpair') ?? [];
  return results.flatMap((pair) => pair.get('name') ?? []);
}

function withoutValues(list: XmlElement): XmlElement {
  return list.withNodes(
    list.children.map((each) => (each.get('name') === 'value' ? each.with({ value: concealed }) : each)),
  );
}
