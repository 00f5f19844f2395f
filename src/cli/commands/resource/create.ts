import { type Agent, AgentCatalogue, type AgentMetadata, formatAgent, parseAgent } from '../../../agents/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { creationEdit, resourceWords } from '../../edits/creation.ts';
import { unknownName } from '../../edits/names.ts';

type CreateFlags = ChangeFlags & { readonly group?: string; readonly clone: boolean; readonly promotable: boolean };

export async function create(flags: CreateFlags, id: string, agentName: string, ...words: string[]): Promise<void> {
  const agent = agentNamed(agentName);
  if (words.includes('bundle')) throw insideBundle();
  const parts = resourceWords(words);
  const metadata = await metadataOf(agent);
  const session = new ClusterSession();
  const document = await session.document();
  const wrapper = flags.promotable ? 'promotable' : flags.clone ? 'clone' : 'none';
  const edit = creationEdit(document, { ...parts, id, agent, group: flags.group, wrapper }, metadata);
  const place = flags.group === undefined ? '' : ` in the group ${flags.group}`;
  const done = `created ${id} (${formatAgent(agent)})${place}`;
  await session.change(flags, { document, edits: [edit], strict: true, done, unchanged: done });
}

/** pcs(8) has it: `… bundle BUNDLE`. */
function insideBundle(): CommandFailure {
  return new CommandFailure({
    kind: 'usage',
    what: 'a resource cannot be created inside a bundle',
    why: 'Haven runs containers and their addresses, and makes no connection to what is inside',
    fix: "Let the container's own command run the service: haven resource bundle create … container podman run-command=…",
  });
}

/** `ocf:heartbeat:IPaddr2`, or `IPaddr2` alone where only one agent has that name. */
function agentNamed(text: string): Agent {
  if (!text.includes(':')) return shortNamed(text);
  const parsed = parseAgent(text);
  if (parsed.ok) return parsed.value;
  throw new CommandFailure({ kind: 'usage', what: parsed.error });
}

function shortNamed(type: string): Agent {
  const catalogue = new AgentCatalogue();
  const known = [...catalogue.list('ocf'), ...catalogue.list('stonith')];
  const [only, ...others] = known.filter((agent) => agent.type.toLowerCase() === type.toLowerCase());
  if (only === undefined) {
    const names = [...new Set(known.map((agent) => agent.type))];
    throw unknownName(`no agent '${type}' is installed on this node`, type, names);
  }
  if (others.length === 0) return only;
  const fix = `Say which: ${[only, ...others].map(formatAgent).join(', ')}`;
  throw new CommandFailure({ kind: 'usage', what: `there are ${others.length + 1} agents '${type}'`, fix });
}

async function metadataOf(agent: Agent): Promise<AgentMetadata> {
  const metadata = await new AgentCatalogue().metadata(agent);
  if (metadata.ok) return metadata.value;
  throw new CommandFailure({ kind: 'not-found', what: metadata.error });
}
