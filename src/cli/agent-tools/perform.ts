// Does what an agent asked, through its node's API, and answers what the tool prints.
import type { ApiClient, NodeView } from '../../api/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import type { AttributeRequest, NodeRequest, ToolRequest } from './request.ts';

/** The lines to print. @throws CommandFailure; `not-found` for an attribute or a node that there is not */
export async function perform(client: ApiClient, request: ToolRequest, self: string): Promise<readonly string[]> {
  switch (request.kind) {
    case 'nothing':
      return [];
    case 'attribute':
      return attribute(client, request);
    case 'query-all':
      return (await import('./values.ts')).queryAll(client, request.name);
    // Agents ask for it at each run, and it cannot change while they run.
    case 'node-name':
      return [self];
    default:
      return aboutNodes(client, request);
  }
}

async function attribute(client: ApiClient, request: AttributeRequest): Promise<readonly string[]> {
  const { scope, name, action } = request;
  const values = () => import('./values.ts');
  if (action.kind === 'query') return (await values()).query(client, request, action);
  const given = action.kind === 'update' ? action.value : undefined;
  const counts = given !== undefined && /^value\+(\+$|=.)/.test(given);
  const value = counts ? await (await values()).counted(client, request, given) : given;
  if (scope.kind !== 'status') return (await values()).configure(client, request, value);
  const { dampenMs } = action;
  await client.command({ kind: 'attribute', node: scope.node, name, value, dampenMs });
  return [];
}

async function aboutNodes(client: ApiClient, request: Exclude<NodeRequest, { kind: 'node-name' }>) {
  const { nodes, quorum } = await client.status();
  switch (request.kind) {
    case 'node-id':
      return nodes.filter(({ self }) => self).map(({ id }) => id);
    case 'node-list':
      return nodes.map((node) => `${node.id} ${node.name} ${isMember(node) ? 'member' : 'lost'}`);
    case 'partition':
      return [
        nodes
          .filter(isMember)
          .map(({ name }) => name)
          .join(' '),
      ];
    case 'quorum':
      return [quorum.quorate ? '1' : '0'];
    case 'name-of-id': {
      const found = nodes.find(({ id }) => id === request.id);
      if (found !== undefined) return [found.name];
      throw new CommandFailure({ kind: 'not-found', what: `no node has the id ${request.id}` });
    }
  }
}

function isMember({ state }: NodeView): boolean {
  return state !== 'offline' && state !== 'lost';
}
