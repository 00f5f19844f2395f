// Bundles: replicas of a container with their addresses, ports and directories. Words and ids are those of pcs(8), what they
// mean is in Pacemaker Explained, "Bundles".
import { isIPv4 } from 'node:net';
import { serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { checkMeta } from './creation.ts';
import { metaEdits } from './meta.ts';
import { assertFreeId, assertIdForm, freeId, resourceNamed, sanitizedId, unknownName } from './names.ts';
import { pairSet } from './nvset.ts';
import { pairsOf } from './values.ts';

export type ContainerEngine = 'podman' | 'docker';
const engines: readonly ContainerEngine[] = ['podman', 'docker'];

type Pairs = ReadonlyMap<string, string>;
type PartName = 'container' | 'network' | 'port-map' | 'storage-map' | 'meta';
type MappingName = 'port-map' | 'storage-map';

const partNames: readonly PartName[] = ['container', 'network', 'port-map', 'storage-map', 'meta'];

const options: Readonly<Record<Exclude<PartName, 'meta'>, readonly string[]>> = {
  container: ['image', 'replicas', 'replicas-per-host', 'promoted-max', 'run-command', 'network', 'options'],
  network: ['ip-range-start', 'control-port', 'host-interface', 'host-netmask', 'add-host'],
  'port-map': ['id', 'port', 'internal-port', 'range'],
  'storage-map': ['id', 'source-dir', 'source-dir-root', 'target-dir', 'options'],
};

/** Where mappings are kept, and as what. */
const mappings = {
  'port-map': { section: 'network', element: 'port-mapping' },
  'storage-map': { section: 'storage', element: 'storage-mapping' },
} as const;

export type BundleParts = {
  readonly engine: ContainerEngine | undefined;
  readonly container: Pairs;
  readonly network: Pairs;
  readonly meta: Pairs;
  /** In the order given: what is to be added. */
  readonly added: readonly { readonly part: MappingName; readonly pairs: Pairs }[];
  /** Ids of mappings that go. */
  readonly removed: readonly { readonly part: MappingName; readonly id: string }[];
};

/**
 * `container podman image=… [network …] [port-map …]… [storage-map …]… [meta …]`; for a change the mappings are led by `add`
 * or `remove`, and the engine is left out. @throws CommandFailure `usage`
 */
export function bundleWords(words: readonly string[], purpose: 'create' | 'update'): BundleParts {
  const pairs = { container: [] as string[], network: [] as string[], meta: [] as string[] };
  const added: { part: MappingName; pairs: Pairs }[] = [];
  const removed: { part: MappingName; id: string }[] = [];
  let engine: ContainerEngine | undefined;
  for (const { part, rest } of partsOf(words)) {
    switch (part) {
      case 'container':
        if (purpose === 'create') engine = engineNamed(rest.shift());
        pairs.container.push(...rest);
        break;
      case 'network':
      case 'meta':
        pairs[part].push(...rest);
        break;
      case 'port-map':
      case 'storage-map': {
        const verb = purpose === 'create' ? 'add' : rest.shift();
        if (verb === 'add') added.push({ part, pairs: checkedPairs(part, rest) });
        else if (verb === 'remove' || verb === 'delete') removed.push(...rest.map((id) => ({ part, id })));
        else throw usage(`'${part}' is to be followed by add or remove`, `${part} add ${exampleOf[part]}`);
      }
    }
  }
  const [container, network] = [checkedPairs('container', pairs.container), checkedPairs('network', pairs.network)];
  return { engine, container, network, meta: pairsOf(pairs.meta), added, removed };
}

/** @throws CommandFailure for missing or ill-valued parts, and for a name that is taken */
export function bundleCreation(cib: XmlElement, id: string, parts: BundleParts): Edit {
  assertIdForm(id);
  assertFreeId(cib, id);
  checkMeta(parts.meta);
  if (parts.engine === undefined) throw usage('a bundle needs its container', 'container podman image=IMAGE');
  if (!parts.container.has('image')) throw usage('a container needs its image', 'container podman image=IMAGE');
  const bare = xmlElement('bundle', { id }, [
    ...pairSet('meta_attributes', `${id}-meta_attributes`, parts.meta),
    xmlElement(parts.engine, Object.fromEntries(parts.container)),
  ]);
  const whole = withMappings(cib, withNetwork(bare, parts.network), parts);
  assertReachable(whole);
  return { kind: 'create', section: 'resources', xml: serialiseXml(whole) };
}

/** `NAME=` takes an option away. @throws CommandFailure for a resource that is no bundle, and as for a creation */
export function bundleUpdates(cib: XmlElement, id: string, parts: BundleParts): Edit[] {
  const bundle = bundleNamed(cib, id);
  const container = containerOf(bundle);
  if (parts.container.get('image') === '') throw usage('a container needs its image', `container image=IMAGE`);
  const changed = withPart(bundle, container.with(emptyAway(parts.container)));
  const whole = withMappings(cib, withNetwork(withoutMappings(changed, parts), parts.network), parts);
  assertReachable(whole);
  const meta = new Map([...parts.meta].map(([name, value]) => [name, value === '' ? undefined : value]));
  const same = serialiseXml(whole) === serialiseXml(bundle);
  return [...(same ? [] : [{ kind: 'replace', xml: serialiseXml(whole) } as const]), ...metaEdits(cib, id, meta)];
}

function bundleNamed(cib: XmlElement, id: string): XmlElement {
  const resource = resourceNamed(cib, id);
  if (resource.name === 'bundle') return resource;
  throw new CommandFailure({ kind: 'usage', what: `'${id}' is a ${resource.name}, not a bundle` });
}

/** What a bundle is made of beside its resource, a line each: `container podman`, `image=…`. */
export function bundleLines(bundle: XmlElement): string[][] {
  const line = (name: string, element: XmlElement) => {
    const pairs = [...element.attributes()].map(([key, value]) => `${key}=${value}`);
    return [name, element.name, pairs.join(' ')];
  };
  const inside = (name: string, section: string) =>
    (bundle.child(section)?.children ?? []).map((each) => line(name, each));
  const network = bundle.child('network');
  return [
    line('container', containerOf(bundle)),
    ...(network === undefined || network.attributePairs.length === 0 ? [] : [line('network', network)]),
    ...inside('port', 'network'),
    ...inside('storage', 'storage'),
  ];
}

const exampleOf: Readonly<Record<MappingName, string>> = {
  'port-map': 'port=80',
  'storage-map': 'source-dir=/srv/www target-dir=/var/www',
};

function partsOf(words: readonly string[]): { part: PartName; rest: string[] }[] {
  const parts: { part: PartName; rest: string[] }[] = [];
  for (const word of words) {
    const part = partNames.find((name) => name === word);
    const current = parts.at(-1);
    if (part !== undefined) parts.push({ part, rest: [] });
    else if (current !== undefined) current.rest.push(word);
    else throw unknownName(`'${word}' is no part of a bundle`, word, partNames);
  }
  return parts;
}

function engineNamed(word: string | undefined): ContainerEngine {
  const engine = engines.find((name) => name === word);
  if (engine !== undefined) return engine;
  if (word === undefined || word.includes('=')) {
    throw usage("'container' is to be followed by podman or docker", `container podman ${word ?? 'image=IMAGE'}`);
  }
  throw unknownName(`there is no container engine '${word}'`, word, engines);
}

function checkedPairs(part: Exclude<PartName, 'meta'>, words: readonly string[]): Pairs {
  const pairs = pairsOf(words);
  for (const [name, value] of pairs) {
    if (!options[part].includes(name)) throw unknownName(`'${part}' has no option '${name}'`, name, options[part]);
    const problem = value === '' ? undefined : valueProblem(name, value);
    if (problem === undefined) continue;
    throw new CommandFailure({ kind: 'usage', what: `${name}='${value}' is not valid in '${part}'`, why: problem });
  }
  return pairs;
}

function valueProblem(name: string, value: string): string | undefined {
  switch (name) {
    case 'replicas':
    case 'replicas-per-host':
      return /^[1-9]\d*$/.test(value) ? undefined : 'it must be a whole number above zero';
    case 'promoted-max':
      return /^\d+$/.test(value) ? undefined : 'it must be a whole number';
    case 'port':
    case 'internal-port':
    case 'control-port':
      return isPort(value) ? undefined : 'it must be a port, 1 to 65535';
    case 'range':
      return isPortRange(value) ? undefined : 'it must be two ports, the first no higher: 8000-8099';
    case 'ip-range-start':
      return isIPv4(value) ? undefined : 'the addresses of the replicas are counted up from an IPv4 address';
    case 'host-netmask':
      return /^\d+$/.test(value) && Number(value) <= 32 ? undefined : 'it must be the length of a prefix, 0 to 32';
    case 'add-host':
      return /^(true|false|yes|no|on|off|y|n|0|1)$/i.test(value) ? undefined : 'it must be true or false';
    case 'source-dir':
    case 'source-dir-root':
    case 'target-dir':
      return value.startsWith('/') ? undefined : 'it must be a path from the root';
    default:
      return undefined;
  }
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

function isPortRange(text: string): boolean {
  const [first = '', last = '', ...more] = text.split('-');
  return more.length === 0 && isPort(first) && isPort(last) && Number(first) <= Number(last);
}

function withNetwork(bundle: XmlElement, pairs: Pairs): XmlElement {
  if (pairs.size === 0) return bundle;
  return withPart(bundle, (bundle.child('network') ?? xmlElement('network')).with(emptyAway(pairs)));
}

function withMappings(cib: XmlElement, bundle: XmlElement, { added }: BundleParts): XmlElement {
  let whole = bundle;
  const taken = new Set<string>();
  for (const { part, pairs } of added) {
    const mapping = mappingOf(cib, whole, { part, pairs, taken });
    const { section } = mappings[part];
    const holder = whole.child(section) ?? xmlElement(section);
    whole = withPart(whole, holder.append(mapping));
  }
  return whole;
}

function mappingOf(
  cib: XmlElement,
  bundle: XmlElement,
  { part, pairs, taken }: { readonly part: MappingName; readonly pairs: Pairs; readonly taken: Set<string> },
): XmlElement {
  const wrong = part === 'port-map' ? portProblem(pairs) : storageProblem(pairs);
  if (wrong !== undefined) throw usage(wrong, `${part} ${exampleOf[part]}`);
  const given = pairs.get('id');
  if (given !== undefined) {
    assertIdForm(given);
    assertFreeId(cib, given);
  }
  const about = part === 'port-map' ? `-${pairs.get('port') ?? pairs.get('range')}` : '';
  const id = given ?? freeId(cib, sanitizedId(`${bundle.id}-${part}${about}`), taken);
  if (taken.has(id)) throw new CommandFailure({ kind: 'exists', what: `the id '${id}' is given twice` });
  taken.add(id);
  return xmlElement(mappings[part].element, {
    id,
    ...Object.fromEntries([...pairs].filter(([name]) => name !== 'id')),
  });
}

function portProblem(pairs: Pairs): string | undefined {
  if (pairs.has('port') === pairs.has('range')) return "'port-map' takes either a port or a range";
  if (pairs.has('range') && pairs.has('internal-port')) return 'a range of ports is the same inside and outside';
  return undefined;
}

function storageProblem(pairs: Pairs): string | undefined {
  if (!pairs.has('target-dir')) return "'storage-map' needs the target-dir inside the container";
  return pairs.has('source-dir') === pairs.has('source-dir-root')
    ? "'storage-map' takes either a source-dir, or a source-dir-root with a directory for each replica below it"
    : undefined;
}

function withoutMappings(bundle: XmlElement, { removed }: BundleParts): XmlElement {
  let whole = bundle;
  for (const { part, id } of removed) {
    const { section } = mappings[part];
    const holder = whole.child(section);
    const found = holder?.children.find((each) => each.id === id);
    if (holder === undefined || found === undefined) {
      const ids = holder?.children.flatMap((each) => each.id ?? []) ?? [];
      throw unknownName(`${bundle.id} has no ${part} '${id}'`, id, ids);
    }
    whole = withPart(whole, holder.withNodes(holder.nodes.filter((each) => each !== found)));
  }
  return whole;
}

/** Replicas without addresses of their own have the ports of their host: two on one host would be in each other's way. */
function assertReachable(bundle: XmlElement): void {
  const network = bundle.child('network');
  const several = Number(containerOf(bundle).get('replicas-per-host') ?? '1') > 1;
  const hasPorts = network?.child('port-mapping') !== undefined;
  if (!several || !hasPorts || network?.has('ip-range-start') === true) return;
  const why = 'several replicas on a host would map the same ports';
  throw new CommandFailure({
    kind: 'usage',
    what: 'replicas-per-host is above 1, but the replicas have no addresses of their own',
    why,
    fix: 'Add: network ip-range-start=ADDRESS',
  });
}

/** In place of the part of the same name, or where the schema has it. */
function withPart(bundle: XmlElement, part: XmlElement): XmlElement {
  const empty = part.attributePairs.length === 0 && part.children.length === 0;
  const order = ['meta_attributes', ...engines, 'network', 'storage', 'primitive'];
  const others = bundle.children.filter(({ name }) => name !== part.name);
  const parts = [...others, ...(empty ? [] : [part])];
  return bundle.withNodes(parts.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)));
}

function containerOf(bundle: XmlElement): XmlElement {
  const container = bundle.children.find(({ name }) => engines.some((engine) => engine === name));
  if (container !== undefined) return container;
  throw new CommandFailure({ kind: 'config', what: `the bundle '${bundle.id}' has no container of podman or docker` });
}

function emptyAway(pairs: Pairs): Record<string, string | undefined> {
  return Object.fromEntries([...pairs].map(([name, value]) => [name, value === '' ? undefined : value]));
}

function usage(what: string, example: string): CommandFailure {
  return new CommandFailure({ kind: 'usage', what, fix: `For example: ${example}` });
}
