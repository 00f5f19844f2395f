// A stop that fencing implies never happens on its node, so the other instances of a notifying clone are told afterwards.

import type { Primitive, Resource } from '../model/index.ts';
import type { Action } from './action.ts';
import { primitivesOf } from './family.ts';
import { createNotification } from './notification.ts';
import { notifyPrimitive } from './notify-actions.ts';
import type { Plan } from './plan.ts';

export type ImpliedStop = { readonly fence: Action; readonly stop: Action; readonly top: Resource };

export function notifyImpliedStop(plan: Plan, resource: Primitive, { fence, stop, top }: ImpliedStop): void {
  const notification = createNotification(plan, resource, { task: 'stop', action: undefined, completion: fence });
  const data = new Map([['notify_stop_resource', resource.id]]);
  if (stop.node !== undefined) data.set('notify_stop_uname', stop.node.name);
  for (const primitive of primitivesOf(top)) {
    notifyPrimitive(plan, primitive, { task: 'stop', notification, data, happens: true });
  }
}
