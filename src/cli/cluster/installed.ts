// What the agents of this node say about resources of the document. An agent may be missing here and be installed on the
// node that runs the resource: what is said of it is a warning, and whoever judges goes on without it.
import { type Agent, AgentCatalogue, formatAgent } from '../../agents/index.ts';
import { effectiveDefinition, sameXml, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { type Diagnostic, nearest } from '../../kit/index.ts';
import { isExecutors, type Judge, missingParameters } from '../edits/agent-check.ts';
import { resourcesIn } from '../edits/names.ts';

export class InstalledAgents {
  readonly #catalogue = new AgentCatalogue();

  /** The agent of a primitive with its meta-data; an error is a sentence. Undefined for what has no agent. */
  async judgeOf(cib: XmlElement, primitive: XmlElement): Promise<Judge | string | undefined> {
    const agent = agentOf(definitionOf(cib, primitive));
    if (agent === undefined) return undefined;
    const metadata = await this.#catalogue.metadata(agent);
    return metadata.ok ? { agent, metadata: metadata.value } : metadata.error;
  }

  /** Of primitives that are new or other than before: agents that are not here, parameters that are unknown or missing. */
  async findings(before: XmlElement, after: XmlElement): Promise<Diagnostic[]> {
    const known = new Map(primitivesIn(before).map((each) => [each.id, definitionOf(before, each)]));
    const findings: Diagnostic[] = [];
    for (const primitive of primitivesIn(after)) {
      const definition = definitionOf(after, primitive);
      const earlier = known.get(primitive.id);
      if (earlier !== undefined && sameXml(earlier, definition)) continue;
      const judge = await this.judgeOf(after, primitive);
      if (judge !== undefined) findings.push(...judged(after, primitive, { definition, judge }));
    }
    return findings;
  }
}

function judged(
  cib: XmlElement,
  primitive: XmlElement,
  { definition, judge }: { readonly definition: XmlElement; readonly judge: Judge | string },
): Diagnostic[] {
  const path = xmlIndexOf(cib).pathOf(primitive);
  const warning = (words: Pick<Diagnostic, 'what' | 'why' | 'fix'>): Diagnostic => {
    return { severity: 'warning', place: { path }, ...words };
  };
  if (typeof judge === 'string') return [warning({ what: judge, why: `${primitive.id} cannot run on this node` })];
  const given = parametersOf(definition);
  const names = judge.metadata.parameters.map(({ name }) => name);
  const name = formatAgent(judge.agent);
  const unknown = [...given.keys()].filter((each) => !names.includes(each) && !isExecutors(judge.agent, each));
  const missing = missingParameters(given, judge).map((each) => each.name);
  return [
    ...unknown.map((each) => {
      const meant = nearest(each, names);
      const what = `${name} has no parameter '${each}'`;
      return warning({ what, ...(meant === undefined ? {} : { fix: `Did you mean '${meant}'?` }) });
    }),
    ...(missing.length === 0 ? [] : [warning({ what: `${name} needs ${missing.join(', ')}` })]),
  ];
}

function primitivesIn(cib: XmlElement): XmlElement[] {
  return resourcesIn(cib).filter(({ name }) => name === 'primitive');
}

function definitionOf(cib: XmlElement, primitive: XmlElement): XmlElement {
  const effective = effectiveDefinition(primitive, xmlIndexOf(cib));
  return typeof effective === 'string' ? primitive : effective;
}

/** By all sets, those with rules among them: whether they hold is for another time. */
function parametersOf(definition: XmlElement): Map<string, string> {
  const pairs = definition.childrenNamed('instance_attributes').flatMap((set) => set.childrenNamed('nvpair'));
  return new Map(pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

function agentOf(primitive: XmlElement): Agent | undefined {
  const [agentClass, provider, type] = ['class', 'provider', 'type'].map((name) => primitive.get(name));
  if (type === undefined) return undefined;
  switch (agentClass) {
    case 'ocf':
      return provider === undefined ? undefined : { class: 'ocf', provider, type };
    case 'lsb':
    case 'systemd':
    case 'service':
    case 'stonith':
      return { class: agentClass, type };
    default:
      return undefined;
  }
}
