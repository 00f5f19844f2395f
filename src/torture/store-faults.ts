// What a disk does to a daemon that has its store on it: it fills up, or is mounted read-only.

import { processes } from '../stage/index.ts';
import { edited, type Fault, restarted, type Strike } from './strike.ts';

const store = '/var/lib/haven/cib';
const smallBytes = 2 << 20;

/** A change of what is mounted there, between two calls of the daemon, which keeps no file open: it is stopped meanwhile. */
const swapped = (change: string) => `
p=$(pgrep -of '${processes.daemon}')
for i in 1 2 3 4 5 6 7 8 9 10; do
  [ -z "$p" ] || kill -STOP $p || p=
  [ -z "$p" ] || ! ls -l /proc/$p/fd | grep -q '${store}' && break
  kill -CONT $p; sleep 0.02
done
${change}
done=$?
[ -z "$p" ] || kill -CONT $p
exit $done`;

const onSmallDisk = swapped(
  `mkdir -p /run/small && mount -t tmpfs -o size=${smallBytes},mode=750 small /run/small && cp -a ${store}/. /run/small/ && mount --move /run/small ${store}`,
);
const onOwnDisk = swapped(
  `rm -rf /run/kept && cp -a ${store} /run/kept && umount ${store} && rm -rf ${store}/* && cp -a /run/kept/. ${store}/ && rm -r /run/kept`,
);

/** A node that has said that it leaves still moves away what runs there: until then it cannot be started again. */
const untilLeft = `n=0
while [ $n -lt 300 ] && awk '/This node leaves/ { l = 1 } /the node ended/ { l = 0 } END { exit !l }' /var/log/haven.log; do
  n=$((n + 1)); sleep 0.1
done`;

type Mending = {
  /** The disk takes something again. */
  readonly relieve: string;
  /** Everything is as it was before. */
  readonly restore: string;
};

/** The change that is under way meanwhile: it is through when the node stores again, or has left. */
const changes = new WeakMap<Strike, Promise<void>>();

function diskFault(kind: string, strike: string, { relieve, restore }: Mending): Fault {
  return {
    kind,
    weight: 1,
    lastsMsMax: 8000,
    disturbs: 'holder',
    strike: async (on) => {
      await on.stage.lab.host(on.target).shell(strike);
      const change = edited(on.stage, { kind: 'modify', xml: markOf(on.random.below(1e6)) });
      change.catch(() => {});
      changes.set(on, change);
    },
    mend: async (on) => {
      const host = on.stage.lab.host(on.target);
      await host.shell(relieve);
      await changes.get(on);
      await host.shell(restore);
      await host.shell(untilLeft);
      await restarted(on);
    },
  };
}

function markOf(value: number): string {
  return `<cluster_property_set id="cib-bootstrap-options"><nvpair id="options-torture-mark" name="torture-mark" value="${value}"/></cluster_property_set>`;
}

export const ofStores: readonly Fault[] = [
  diskFault('disk full', `(${onSmallDisk}) && { dd if=/dev/zero of=${store}/filler bs=4k 2>/dev/null || true; }`, {
    relieve: `rm -f ${store}/filler`,
    restore: onOwnDisk,
  }),
  diskFault('disk read-only', `mount --bind ${store} ${store} && mount -o remount,bind,ro ${store}`, {
    relieve: `mount -o remount,bind,rw ${store}`,
    restore: `umount -l ${store}`,
  }),
];
