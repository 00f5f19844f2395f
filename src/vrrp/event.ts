// What can happen to the machine. Every event carries the monotonic time it happened at; wall clocks do not exist here.
import type { VrrpConfiguration } from './configuration.ts';
import type { AddressClaim } from './instance.ts';
import type { TrackerKind, TrackerReport } from './tracker.ts';

export type VrrpEvent = { readonly nowMs: number } & (
  | { readonly kind: 'start' }
  /** A timer is due: the driver promised to come back at nextDeadline(). */
  | { readonly kind: 'deadline' }
  /** An advertisement that passed every check of reception.ts. */
  | {
      readonly kind: 'advert';
      readonly instance: string;
      readonly source: Uint8Array;
      readonly priority: number;
      readonly intervalMs: number;
    }
  /** News of a tracked thing: an interface, script, process, file or BFD session, by its configured name. */
  | {
      readonly kind: 'tracker';
      readonly tracker: TrackerKind;
      readonly name: string;
      readonly report: TrackerReport;
    }
  /** The address this instance's adverts come from, or undefined when its interface has none. */
  | { readonly kind: 'source'; readonly instance: string; readonly address: Uint8Array | undefined }
  /** Anything else that keeps an instance from working: a socket that cannot be opened, a macvlan that cannot be made. */
  | { readonly kind: 'fault'; readonly instance: string; readonly cause: string; readonly present: boolean }
  /** Someone removed a virtual address from under a master. */
  | { readonly kind: 'address-lost'; readonly instance: string; readonly address: string }
  /** Another host spoke for a virtual address. */
  | { readonly kind: 'claim'; readonly instance: string; readonly claim: AddressClaim }
  | { readonly kind: 'reconfigure'; readonly configuration: VrrpConfiguration }
  | { readonly kind: 'stop' }
);
