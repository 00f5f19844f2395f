// `haven resource describe`: what an agent says of itself, laid out as `pcs resource describe` does.
import { buildCommand } from '@stricli/core';
import type { AgentAction, AgentMetadata, AgentParameter } from '../../../agents/index.ts';
import { CommandFailure } from '../../../kit/index.ts';

const columns = 100;

/** Actions that no administrator configures as operations. */
const ownActions = ['meta-data', 'metadata', 'validate-all', 'status', 'list', 'list-status', 'manpage', 'notify'];

export const describeCommand = buildCommand({
  docs: { brief: "Show an agent's parameters with their defaults, and its operations" },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'ocf:heartbeat:IPaddr2, stonith:fence_ipmilan, or only IPaddr2', parse: String, placeholder: 'AGENT' },
      ],
    },
    flags: { json: { kind: 'boolean', default: false, brief: 'Answer in JSON' } },
  },
  async func({ json }: { readonly json: boolean }, name: string) {
    const { AgentCatalogue, formatAgent } = await import('../../../agents/index.ts');
    const catalogue = new AgentCatalogue();
    const resolved = catalogue.resolve(name);
    if (!resolved.ok) throw notFound(resolved.error);
    const metadata = await catalogue.metadata(resolved.value);
    if (!metadata.ok) throw notFound(metadata.error);
    const agent = formatAgent(resolved.value);
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...metadata.value, name: agent })}\n`
        : describeAgent(agent, metadata.value, process.stdout.columns ?? columns),
    );
  },
});

/** The description of an agent in at most `width` columns. */
export function describeAgent(agent: string, metadata: AgentMetadata, width: number): string {
  const { short, long, parameters, actions } = metadata;
  const head = short === '' ? agent : `${agent} - ${short}`;
  const operations = actions.filter(({ name }) => !ownActions.includes(name));
  const sections = [
    head,
    wrap(long, width, ''),
    parameters.length === 0
      ? ''
      : ['Resource options:', ...parameters.flatMap((parameter) => parameterLines(parameter, width))].join('\n'),
    operations.length === 0 ? '' : ['Default operations:', ...operations.flatMap(operationLines)].join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function parameterLines(parameter: AgentParameter, width: number): string[] {
  const { name, required, unique, deprecated, long, short, type, allowed } = parameter;
  const marks = [required && 'required', unique && 'unique', deprecated && 'deprecated'].filter(
    (mark) => mark !== false,
  );
  const lines = [`  ${name}${marks.map((mark) => ` (${mark})`).join('')}`];
  const text = long || short;
  if (text !== '') lines.push(wrap(`Description: ${text}`, width, '    '));
  lines.push(allowed.length === 0 ? `    Type: ${type}` : `    Allowed values: ${allowed.join(', ')}`);
  if (parameter.default !== undefined && parameter.default !== '') lines.push(`    Default: ${parameter.default}`);
  return lines;
}

function operationLines({ name, intervalMs, timeoutMs, role, depth }: AgentAction): string[] {
  const settings = [
    `interval=${seconds(intervalMs)}`,
    ...(timeoutMs === undefined ? [] : [`timeout=${seconds(timeoutMs)}`]),
    ...(role === undefined ? [] : [`role=${role}`]),
    ...(depth === undefined || depth === '0' ? [] : [`OCF_CHECK_LEVEL=${depth}`]),
  ];
  return [`  ${name}:`, `    ${settings.join(' ')}`];
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Paragraphs, which empty lines separate, keep apart; within one the lines are filled anew. */
function wrap(text: string, width: number, indent: string): string {
  const paragraphs = text.trim().split(/\n\s*\n/);
  return paragraphs.map((paragraph) => fill(paragraph.split(/\s+/), width, indent)).join('\n\n');
}

function fill(words: readonly string[], width: number, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of words.filter((candidate) => candidate !== '')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

function notFound(sentence: string): CommandFailure {
  return new CommandFailure({ kind: 'not-found', what: sentence, fix: 'List what there is: haven resource agents' });
}
