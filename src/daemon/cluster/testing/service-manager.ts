// systemd as the service manager of lab hosts: process 1 of a PID namespace with control groups and devices of its own,
// started by the host's boot script. Units that would reach for the machine's kernel (devices, sysctl, modules) are masked.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Host, Lab, RunResult } from '../../../lab/index.ts';

const units = '/etc/systemd/system';
const masked = [
  ...['', '-kernel', '-control'].map((part) => `systemd-udevd${part}.${part === '' ? 'service' : 'socket'}`),
  ...['systemd-udev-trigger', 'systemd-sysctl', 'systemd-modules-load', 'systemd-binfmt', 'systemd-random-seed'].map(
    service,
  ),
  ...['systemd-tmpfiles-setup-dev', 'kmod-static-nodes', 'systemd-remount-fs', 'systemd-sysusers'].map(service),
  ...['systemd-firstboot', 'systemd-repart', 'systemd-pcrphase', 'systemd-pcrphase-sysinit', 'systemd-logind'].map(
    service,
  ),
  ...['sys-kernel-debug', 'sys-kernel-tracing', 'sys-kernel-config', 'sys-fs-fuse-connections'].map(mount),
  ...['dev-hugepages', 'dev-mqueue'].map(mount),
  ...['proc-sys-fs-binfmt_misc.automount', 'getty.target', 'getty-static.service', 'timers.target'],
];

/** Names the control groups of a test's hosts among those of the machine. */
const groupPrefix = `haven-lab-${process.pid}-`;

/** Control groups are made below our own, in a namespace that knows no others: the machine's mount keeps its options. */
const script = `set -e
exec unshare --cgroup --mount sh -ec '
mkdir -p /run/cgroups
mount -t cgroup2 cgroup2 /run/cgroups
mkdir -p /run/cgroups/${groupPrefix}$(hostname)-$$
echo $$ >/run/cgroups/${groupPrefix}$(hostname)-$$/cgroup.procs
umount /run/cgroups
exec unshare --cgroup --mount --pid --fork --kill-child sh -ec "
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/dev
mount -t tmpfs -o mode=755 dev /run/dev
mkdir /run/dev/shm /run/dev/pts
for node in null zero full random urandom tty; do : >/run/dev/\\$node; mount --bind /dev/\\$node /run/dev/\\$node; done
mount -t devpts -o newinstance,ptmxmode=666 devpts /run/dev/pts
ln -s pts/ptmx /run/dev/ptmx
ln -s /proc/self/fd /run/dev/fd
: >/run/console
: >/run/dev/console
mount --bind /run/console /run/dev/console
mount --rbind /run/dev /dev
exec env -i container=haven-lab /lib/systemd/systemd --log-target=console --unit=multi-user.target
"'
`;

/** Powers each host off and on again: what comes up is systemd, with the packaged unit of a node of the cluster enabled. */
export async function bootWithSystemd(lab: Lab, hosts: readonly string[]): Promise<void> {
  await Promise.all(hosts.map((name) => furnish(lab.host(name))));
  for (const name of hosts) {
    await lab.kill(name);
    await lab.boot(name);
  }
}

/** Runs a program beside the host's systemd, as its services are run: systemctl has to see the same process 1. */
export function besideSystemd(host: Host, words: readonly string[]): Promise<RunResult> {
  const enter = 'exec nsenter -t "$(pgrep -o -x systemd)" -m -p -C -- "$@"';
  return host.run(['sh', '-c', enter, 'sh', ...words], { timeoutMs: 300_000 });
}

/** Takes the control groups away that hosts which are off have left. */
export function removeGroups(): void {
  const find = `mount -t cgroup2 cgroup2 /mnt && find /mnt/${groupPrefix}* -depth -type d -exec rmdir {} +`;
  spawnSync('unshare', ['--cgroup', '--mount', 'sh', '-c', find], { stdio: 'ignore' });
}

/** The packaged unit, for the checkout in place of /opt/haven. */
export function packagedUnit(name: string): string {
  return readFileSync(join('packaging', 'systemd', name), 'utf8').replaceAll('/opt/haven', resolve('.'));
}

async function furnish(host: Host): Promise<void> {
  const wanted = `${units}/multi-user.target.wants`;
  await host.shell(`rm -rf ${units}/*.wants; mkdir ${wanted}; ln -s ../haven.service ${wanted}; cd ${units}
    for unit in ${masked.join(' ')}; do ln -s /dev/null $unit; done`);
  await host.writeFile(`${units}/haven.service`, packagedUnit('haven.service'));
  await host.writeFile('/etc/haven-lab/boot', script);
}

function service(name: string): string {
  return `${name}.service`;
}

function mount(name: string): string {
  return `${name}.mount`;
}
