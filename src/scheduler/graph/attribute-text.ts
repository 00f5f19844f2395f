// Attributes of actions as text, for large graphs: a thousand probes differ in little but their nodes, so what an
// operation of a resource always says is sorted and escaped once, and what one action adds is merged in.

import { escapeAttribute } from '../../cib/index.ts';
import type { Action, Metadata } from '../actions/action.ts';
import { parametersOf } from '../configuration/meta.ts';
import { type Cluster, isGuestOrBundleNode, type Resource } from '../model/index.ts';
import { isAddressedByName } from '../status/expiry.ts';
import { type ActionAttributes, attributesOf, metadataName } from './attributes.ts';

/** ` name="value"` by name, sorted; valid as long as the parameters are these. */
type Constant = {
  readonly parameters: ReadonlyMap<string, string> | undefined;
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly whole: string;
};

export class AttributeTexts {
  readonly #cluster: Cluster;
  readonly #constants = new Map<Metadata, Map<Resource | undefined, Constant>>();
  readonly #added = new Map<Metadata, readonly Added[]>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** ` a="1" b="2"`, sorted bytewise by name; undefined where the action needs more than attributes (or is rare). */
  of(action: Action): string | undefined {
    if ((action.ownParameters?.size ?? 0) > 0) return undefined;
    if (action.node !== undefined && isGuestOrBundleNode(action.node)) return undefined;
    const constant = this.#constantFor(action);
    if (constant === undefined) return undefined;
    return action.added === undefined ? constant.whole : merged(constant, this.#addedTexts(action.added));
  }

  /** Actions on the same node mostly share what was added. */
  #addedTexts(added: Metadata): readonly Added[] {
    const known = this.#added.get(added);
    if (known !== undefined) return known;
    const texts = textsOf(added);
    this.#added.set(added, texts);
    return texts;
  }

  #constantFor(action: Action): Constant | undefined {
    const { resource, node, configured } = action;
    if (resource?.variant === 'primitive' && isAddressedByName(resource)) return undefined;
    const isAsked = resource !== undefined && (node !== undefined || resource.variant === 'primitive');
    const parameters = isAsked ? parametersOf(this.#cluster, resource, node) : undefined;
    let known = this.#constants.get(configured);
    if (known === undefined) {
      known = new Map();
      this.#constants.set(configured, known);
    }
    const constant = known.get(resource);
    if (constant?.parameters === parameters && constant !== undefined) return constant;
    const attributes = attributesOf(this.#cluster, { ...plain, resource, node, configured });
    if (attributes.numbered.length > 0) return undefined;
    const made = constantOf(attributes, parameters);
    known.set(resource, made);
    return made;
  }
}

const plain = { task: '', key: '', added: undefined, ownParameters: undefined } as const;

function constantOf({ values }: ActionAttributes, parameters: Constant['parameters']): Constant {
  const names = values.map(([name]) => name);
  const texts = values.map(([name, value]) => attributeText(name, value));
  return { parameters, names, texts, whole: texts.join('') };
}

function attributeText(name: string, value: string): string {
  return ` ${name}="${escapeAttribute(value)}"`;
}

type Added = { readonly name: string; readonly text: string };

function textsOf(added: Metadata): Added[] {
  const texts: Added[] = [];
  for (const [name, value] of added) {
    const attribute = metadataName(name);
    if (attribute !== undefined) texts.push({ name: attribute, text: attributeText(attribute, value) });
  }
  return texts.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What was added to an action goes before what is configured. */
function merged({ names, texts }: Constant, added: readonly Added[]): string {
  let text = '';
  let next = 0;
  for (const each of added) {
    while (next < names.length && (names[next] ?? '') < each.name) text += texts[next++];
    if (names[next] === each.name) next += 1;
    text += each.text;
  }
  while (next < names.length) text += texts[next++];
  return text;
}
