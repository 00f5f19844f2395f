// What the machine wants done, in this order.
import type { InstanceConfiguration } from './configuration.ts';
import type { Notification } from './notification.ts';

export type VrrpEffect =
  /** Send an advertisement of this priority to the group, or to every peer in turn. */
  | { readonly kind: 'advertise'; readonly instance: string; readonly priority: number }
  /** Set the addresses, routes and rules. */
  | { readonly kind: 'acquire'; readonly instance: string }
  /** Remove them, and drop announcements that are still waiting to be sent. */
  | { readonly kind: 'release'; readonly instance: string }
  /** A reload changed what a master holds: remove what is gone, set what is new. */
  | { readonly kind: 'update'; readonly instance: string; readonly previous: InstanceConfiguration }
  /** Gratuitous ARP or unsolicited NA for every address, `repeat` rounds. */
  | {
      readonly kind: 'announce';
      readonly instance: string;
      readonly repeat: number;
      readonly scope: 'all' | 'extra-interfaces';
    }
  /** Ask the network whether another host has one of the addresses: ARP probe or neighbour solicitation for each. */
  | { readonly kind: 'probe'; readonly instance: string }
  | { readonly kind: 'notify'; readonly notification: Notification }
  /** `detail` lines appear with -D only. */
  | { readonly kind: 'log'; readonly level: 'warning' | 'info' | 'detail'; readonly message: string }
  /** Everything is handed over: the process may end. */
  | { readonly kind: 'stopped' };
