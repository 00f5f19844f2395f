// Which address a resource holds, by its parameters and what the kernel has: what the guardian takes down when the daemon
// dies, also where a program put it there.
import type { HeldAddress } from '../../guardian/index.ts';
import {
  addressBytes,
  addressText,
  listAddresses,
  listLinks,
  listRoutes,
  openRouteSocket,
  type RouteSocket,
} from '../../linux/index.ts';
import { type AddressPlan, addressPlace, addressPlan, type Parameters } from '../address/plan.ts';

/** Where a start will put the address. */
export function expectedAddress(parameters: Parameters, namespace: string | undefined): HeldAddress | undefined {
  return consult(parameters, namespace, (route, plan) => {
    const [links, routes] = [listLinks(route), listRoutes(route, { family: plan.family, table: 'main' })];
    if (!links.ok || !routes.ok) return undefined;
    const place = addressPlace(plan, { links: links.value, routes: routes.value });
    if (!place.ok) return undefined;
    const { link, prefixLength } = place.value;
    return { interfaceName: link.name, address: plan.address, prefixLength };
  });
}

/** The address as it is on an interface now. */
export function presentAddress(parameters: Parameters, namespace: string | undefined): HeldAddress | undefined {
  return consult(parameters, namespace, (route, plan) => {
    const [links, listed] = [listLinks(route), listAddresses(route, { family: plan.family })];
    if (!links.ok || !listed.ok) return undefined;
    const wanted = addressText(addressBytes(plan.address));
    for (const { address, interfaceIndex, prefixLength } of listed.value) {
      const name = links.value.find(({ index }) => index === interfaceIndex)?.name;
      if (address !== wanted || name === undefined || (plan.nic !== undefined && plan.nic !== name)) continue;
      return { interfaceName: name, address: plan.address, prefixLength };
    }
    return undefined;
  });
}

function consult(
  parameters: Parameters,
  namespace: string | undefined,
  ask: (route: RouteSocket, plan: AddressPlan) => HeldAddress | undefined,
): HeldAddress | undefined {
  const plan = addressPlan(parameters);
  if (!plan.ok) return undefined;
  const route = openRouteSocket(namespace);
  if (!route.ok) return undefined;
  try {
    return ask(route.value, plan.value);
  } finally {
    route.value.close();
  }
}
