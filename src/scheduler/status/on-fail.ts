// How a failed operation is to be answered, and in which role the resource may go on.

import { isProbe, operationMeta } from '../configuration/operation-meta.ts';
import {
  type Cluster,
  type HistoryEntry,
  type OnFail,
  onFailResponses,
  type Primitive,
  type Role,
  roles,
} from '../model/index.ts';

export type FailureAnswer = { readonly onFail: OnFail; readonly roleAfter: Role };

export function failureAnswer(cluster: Cluster, resource: Primitive, entry: HistoryEntry): FailureAnswer {
  const onFail = onFailOf(cluster, resource, entry);
  return { onFail, roleAfter: roleAfterFailure(resource, entry, onFail) };
}

function onFailOf(cluster: Cluster, resource: Primitive, entry: HistoryEntry): OnFail {
  const needsReset = resource.connectionKind === 'remote' && !isProbe(entry) && entry.task !== 'start';
  const text = needsReset && !resource.managed ? undefined : configuredOnFail(cluster, resource, entry);
  return parsedOnFail(cluster, resource, text) ?? defaultOnFail(cluster, resource, { entry, needsReset });
}

function configuredOnFail(cluster: Cluster, resource: Primitive, entry: HistoryEntry): string | undefined {
  return operationMeta(cluster, resource, entry, undefined).get('on-fail')?.toLowerCase();
}

function parsedOnFail(cluster: Cluster, resource: Primitive, text: string | undefined): OnFail | undefined {
  switch (text) {
    case 'block':
      return onFailResponses.block;
    case 'fence':
      return cluster.options.fencingEnabled ? onFailResponses.fence : onFailResponses.stop;
    case 'standby':
      return onFailResponses.standby;
    case 'ignore':
    case 'nothing':
      return onFailResponses.ignore;
    case 'migrate':
      return onFailResponses.ban;
    case 'stop':
      return onFailResponses.stop;
    case 'restart':
      return onFailResponses.restart;
    case 'restart-container':
      return resource.launcher === undefined ? undefined : onFailResponses.restartContainer;
    case 'demote':
      return onFailResponses.demote;
    default:
      return undefined;
  }
}

function defaultOnFail(
  cluster: Cluster,
  resource: Primitive,
  { entry, needsReset }: { readonly entry: HistoryEntry; readonly needsReset: boolean },
): OnFail {
  if (resource.launcher !== undefined) return onFailResponses.restartContainer;
  if (needsReset) return resource.managed ? onFailResponses.resetRemote : onFailResponses.stop;
  if (entry.task !== 'stop') return onFailResponses.restart;
  return cluster.options.fencingEnabled ? onFailResponses.fence : onFailResponses.block;
}

function roleAfterFailure(resource: Primitive, entry: HistoryEntry, onFail: OnFail): Role {
  if (onFail === onFailResponses.stop) return roles.stopped;
  if (onFail === onFailResponses.resetRemote && resource.reconnectIntervalMs > 0) return roles.stopped;
  return entry.task === 'promote' ? roles.unpromoted : roles.started;
}
