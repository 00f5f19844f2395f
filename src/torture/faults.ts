// The faults of a torture run: how each strikes a host, how long it lasts, and how it is mended.
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../kit/index.ts';
import { processes, standbyEdit, virtualAddress } from '../stage/index.ts';
import { ofAgents } from './agent-faults.ts';
import { ofStores } from './store-faults.ts';
import { edited, type Fault, ofThoseUp, restarted, type Strike, signal, signalIfAny } from './strike.ts';

/** Without a fence or a watchdog nothing can hold a host that wakes for shorter. */
const wakingMsMax = 50;

const nothing = async () => {};
const healed = ({ stage, target }: Strike) => stage.lab.heal(target);

const hosts: readonly Fault[] = [
  {
    kind: 'power-off',
    weight: 3,
    lastsMsMax: 4000,
    disturbs: 'holder',
    strike: ({ stage, target }) => stage.lab.kill(target),
    mend: ({ stage, target }) => stage.lab.boot(target),
  },
  {
    kind: 'freeze',
    weight: 4,
    lastsMsMax: 5000,
    disturbs: 'holder',
    overlapMsMax: wakingMsMax,
    strike: ({ stage, target }) => stage.lab.freeze(target),
    mend: async (on) => {
      await on.stage.lab.resume(on.target);
      await restarted(on);
    },
  },
  {
    // The machine under all of them has no time for any: leases lapse, and the members stay the same.
    kind: 'all stand still',
    weight: 1,
    lastsMsMax: 1500,
    disturbs: 'anyone',
    everywhere: true,
    strike: ({ stage }) => ofThoseUp(stage, (name) => stage.lab.pause(name)),
    mend: async (on) => {
      await ofThoseUp(on.stage, (name) => on.stage.lab.resume(name));
      // A guardian that the round's other fault had stopped may have been continued before its daemon: it ended that one.
      await ofThoseUp(on.stage, (target) => restarted({ ...on, target }));
    },
  },
];

const cuts: readonly Fault[] = [
  {
    kind: 'cut with carrier',
    weight: 2,
    lastsMsMax: 4000,
    disturbs: 'holder',
    strike: ({ stage, target }) => stage.lab.cut(target),
    mend: healed,
  },
  {
    kind: 'cut silently',
    weight: 3,
    lastsMsMax: 4000,
    disturbs: 'holder',
    strike: ({ stage, target }) => stage.lab.cut(target, { mode: 'silent' }),
    mend: healed,
  },
  {
    kind: 'hears nothing',
    weight: 2,
    lastsMsMax: 4000,
    disturbs: 'anyone',
    strike: ({ stage, target }) => stage.lab.cut(target, { mode: 'silent', direction: 'in' }),
    mend: healed,
  },
  {
    kind: 'is not heard',
    weight: 2,
    lastsMsMax: 4000,
    disturbs: 'anyone',
    strike: ({ stage, target }) => stage.lab.cut(target, { mode: 'silent', direction: 'out' }),
    mend: healed,
  },
];

const ofProcesses: readonly Fault[] = [
  {
    kind: 'daemon killed',
    weight: 3,
    lastsMsMax: 2000,
    disturbs: 'holder',
    strike: (on) => signal(on, 'KILL', processes.daemon),
    mend: restarted,
  },
  {
    kind: 'daemon stopped',
    weight: 3,
    lastsMsMax: 3000,
    disturbs: 'holder',
    strike: (on) => signal(on, 'STOP', processes.daemon),
    mend: async (on) => {
      await signalIfAny(on, 'CONT', processes.daemon);
      await restarted(on);
    },
  },
  {
    kind: 'guardian stopped',
    weight: 2,
    lastsMsMax: 2000,
    disturbs: 'nobody',
    strike: (on) => signal(on, 'STOP', processes.guardian),
    mend: (on) => signalIfAny(on, 'CONT', processes.guardian),
  },
  {
    kind: 'guardian killed',
    weight: 2,
    lastsMsMax: 1000,
    disturbs: 'nobody',
    strike: (on) => signal(on, 'KILL', processes.guardian),
    mend: nothing,
  },
];

const services: readonly Fault[] = [
  {
    kind: 'web server killed',
    weight: 2,
    lastsMsMax: 1000,
    disturbs: 'holder',
    strike: (on) => signalIfAny(on, 'KILL', 'apache-demo.conf'),
    mend: nothing,
  },
  {
    kind: 'address taken away',
    weight: 2,
    lastsMsMax: 1000,
    disturbs: 'holder',
    strike: async ({ stage, target }) => {
      await stage.lab.host(target).run(['ip', 'address', 'del', `${virtualAddress}/24`, 'dev', 'eth0']);
    },
    mend: nothing,
  },
  {
    kind: 'agents killed',
    weight: 1,
    lastsMsMax: 1500,
    disturbs: 'holder',
    strike: async (on) => {
      for (let round = 0; round < 40; round++) {
        await signalIfAny(on, 'KILL', 'resource.d/[h]eartbeat');
        await pause(20);
      }
    },
    mend: nothing,
  },
];

const administration: readonly Fault[] = [
  {
    kind: 'standby',
    weight: 2,
    lastsMsMax: 2000,
    disturbs: 'holder',
    strike: ({ stage, target }) => edited(stage, standbyEdit(stage.nodes, target, 'on')),
    mend: ({ stage, target }) => edited(stage, standbyEdit(stage.nodes, target, 'off')),
  },
  {
    kind: 'configuration changed',
    weight: 3,
    lastsMsMax: 1000,
    disturbs: 'nobody',
    strike: async ({ stage, random }) => {
      const id = `extra-${random.below(1e6)}`;
      await edited(stage, { kind: 'create', section: 'resources', xml: dummy(id) });
      const interval = random.between(60, 600);
      const check = `<nvpair id="options-cluster-recheck-interval" name="cluster-recheck-interval" value="${interval}s"/>`;
      const set = `<cluster_property_set id="cib-bootstrap-options">${check}</cluster_property_set>`;
      await edited(stage, { kind: 'modify', xml: set });
    },
    mend: ({ stage }) => edited(stage, { kind: 'delete-found', xpath: "//primitive[starts-with(@id,'extra-')]" }),
  },
];

export const faults: readonly Fault[] = [
  ...hosts,
  ...cuts,
  ...ofProcesses,
  ...services,
  ...ofAgents,
  ...ofStores,
  ...administration,
];

/** By weight. */
export function drawFault(random: Random, among: readonly Fault[]): Fault {
  const total = among.reduce((sum, { weight }) => sum + weight, 0);
  let at = random.below(total);
  for (const fault of among) {
    at -= fault.weight;
    if (at < 0) return fault;
  }
  throw new Error('no fault to draw from');
}

const dummy = (id: string) => `<primitive id="${id}" class="ocf" provider="heartbeat" type="Dummy"/>`;
