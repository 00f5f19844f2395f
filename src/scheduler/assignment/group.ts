// Assigning a group: member by member; what couples them are colocations.

import type { ClusterNode, Group } from '../model/index.ts';
import type { AssignmentRequest, Run } from './run.ts';

export function assignGroup(run: Run, group: Group, request: AssignmentRequest): ClusterNode | undefined {
  const [first] = group.members;
  if (group.decided || group.deciding || first === undefined) return firstNode(group);
  group.deciding = true;
  group.currentRole = first.currentRole;
  run.listing.addTables(group);
  for (const member of group.members) run.assign(run, member, request);
  group.nextRole = first.nextRole;
  group.deciding = false;
  group.decided = true;
  return firstNode(group);
}

function firstNode(group: Group): ClusterNode | undefined {
  if (!group.decided || !group.colocated) return undefined;
  return group.members.find((member) => member.assignedNode !== undefined)?.assignedNode;
}
