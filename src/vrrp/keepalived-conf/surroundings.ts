// What the text of a configuration refers to outside itself. Injected, so that reading a configuration is a pure
// function of its files, and a test or a "what would happen if" can bring its own.
import type { Random } from '../../kit/index.ts';

export type Surroundings = {
  /** Text of a file, or undefined when it is missing or may not be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Paths that match a glob(7) pattern, with csh braces, in order; none is []. */
  readonly glob: (pattern: string) => readonly string[];
  /** What `@NAME` lines are compared with: `-i NAME`, else the first label of the host name. */
  readonly configId: string;
  /** `${_RANDOM}` draws from it. */
  readonly random: Random;
  /** Interfaces of this host; undefined: not known here, so none is reported missing. */
  readonly interfaces: ReadonlySet<string> | undefined;
  /** Account lookup; undefined: no such user or group. */
  readonly user: (name: string) => { readonly uid: number; readonly gid: number } | undefined;
  readonly group: (name: string) => number | undefined;
  /** Names of iproute2 (`/etc/iproute2/rt_tables` and its neighbours); undefined: not a known name. */
  readonly routingName: (kind: RoutingNameKind, name: string) => number | undefined;
  /** What is known of a program a script line names; undefined: scripts are not looked at here. */
  readonly program: ((command: string, user: { uid: number; gid: number }) => ProgramFacts) | undefined;
};

export type RoutingNameKind = 'table' | 'protocol' | 'scope' | 'dsfield';

/** Whether a script can be run, and whether running it as root would hand root to someone else. */
export type ProgramFacts = {
  readonly found: boolean;
  readonly executable: boolean;
  /** Path components that a user other than root may change, outermost first. */
  readonly writableByOthers: readonly string[];
};
