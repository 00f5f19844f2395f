// How a lab and its hosts come up: shell scripts that make namespaces, mount what is private and stay as init.
//
// The lab is one process in namespaces of its own (mount, network, UTS, IPC, PID): its network namespace holds the
// switches, its mount namespace a tmpfs with the hosts' disks. Hosts are made inside it, so its PID namespace is the
// parent of theirs: when that one process dies, however it dies, the kernel ends all that was in the lab and takes back
// every link and mount. An init is a shell that sleeps and reaps: 1 MB a host.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostPlan, hostsFile, type LabPlan, volatileDirectories } from './plan.ts';
import { failedAttempt, missingProgram, runOrFail, runProgram, shellWord } from './processes.ts';
import { disksDirectory, initMarker } from './state.ts';
import { addressLines, bridgeLines, bridgeName, plugLines } from './switch.ts';

/** Run by init at each boot once the network is there, like rc.local; not that file, because the machine may have one. */
export const bootScriptFile = '/etc/haven-lab/boot';

const endedAtOnce = 'its init ended at once';
const reapForEver = 'while :; do sleep 2147483647 & wait; done';

/** Starts the lab's own process and makes its switches. Returns its pid as this machine sees it. */
export function startLabProcess(plan: LabPlan, lifetime: 'process' | 'detached'): Promise<number> {
  const namespaces = ['unshare', '--mount', '--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
  const words = [...namespaces, 'sh', '-c', labScript(plan), initMarker(plan.name)];
  // The death signal is sent by the kernel when the process that made the lab ends, even by SIGKILL.
  if (lifetime === 'process') words.unshift('setpriv', '--pdeathsig', 'KILL');
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const pid = /^ready (\d+)$/m.exec(said)?.[1];
      if (pid === undefined) return;
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(Number(pid));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', (error) => reject(missingProgram(program, error)));
    child.once('close', () => reject(failedAttempt(`start lab '${plan.name}'`, complaint, endedAtOnce)));
  });
}

function labScript(plan: LabPlan): string {
  const bridges = Array.from({ length: plan.links }, (_, link) => bridgeLines(bridgeName(link))).flat();
  return [
    'set -e',
    // The shell itself opens the file: in the machine's /proc, `self` is this process as the machine counts it.
    'read -r pid rest </proc/self/stat',
    `mount -t tmpfs -o mode=755 haven-lab ${shellWord(disksDirectory(plan.name))}`,
    'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6',
    ...batch('ip', ['link set lo up', ...bridges]),
    'echo "ready $pid"',
    'exec </dev/null >/dev/null 2>&1',
    `exec sh -c ${shellWord(reapForEver)} "$0"`,
  ].join('\n');
}

export type BootOptions = {
  readonly lab: LabPlan;
  readonly labPid: number;
  readonly hosts: readonly HostPlan[];
};

/** Powers the hosts on, all at once: their inits, their cables, their addresses, then their boot scripts. Pids by name. */
export async function bootHosts(options: BootOptions): Promise<Map<string, number>> {
  const { lab, labPid, hosts } = options;
  const started = await startInits(options);
  const pidOf = (host: HostPlan) => started.get(host.name) ?? 0;
  const network = [
    'set -e',
    ...batch(
      `nsenter -t ${labPid} -n ip`,
      hosts.flatMap((host) => plugLines(host, pidOf(host))),
    ),
    ...hosts.flatMap((host) => batch(`nsenter -t ${pidOf(host)} -n ip`, addressLines(host))),
    ...hosts.map((host) => `nsenter -t ${pidOf(host)} -m -u -i -n -p sh -c ${shellWord(runBootScript)}`),
  ];
  try {
    await runOrFail(`connect the hosts of lab '${lab.name}'`, ['sh', '-s'], { input: network.join('\n') });
  } catch (error) {
    for (const pid of started.values()) process.kill(pid, 'SIGKILL');
    throw error;
  }
  return started;
}

/** Left running in the host, without holding any of our files open. */
const runBootScript = `[ ! -e ${bootScriptFile} ] || setsid sh ${bootScriptFile} </dev/null >>/var/log/boot.log 2>&1 &`;

async function startInits({ lab, labPid, hosts }: BootOptions): Promise<Map<string, number>> {
  const words = ['nsenter', '-t', String(labPid), '-m', '-u', '-i', '-n', '-p', 'sh', '-s'];
  const done = await runProgram(words, { input: hosts.map((host) => initLine(lab, host)).join('\n') });
  const started = new Map<string, number>();
  for (const [, name = '', pid] of done.stdout.matchAll(/^ready (\S+) (\d+)$/gm)) started.set(name, Number(pid));
  if (done.code === 0 && hosts.every((host) => started.has(host.name))) return started;
  for (const pid of started.values()) process.kill(pid, 'SIGKILL');
  const missing = hosts.filter((host) => !started.has(host.name)).map((host) => host.name);
  throw failedAttempt(`start host ${missing.join(', ')} of lab '${lab.name}'`, done.stderr, endedAtOnce);
}

/**
 * The first process that is forked after `unshare --pid` is the new namespace's init. The shell between ends at once, so
 * that the lab's init, not a waiting `unshare`, is the parent.
 */
function initLine(lab: LabPlan, host: HostPlan): string {
  const init = `sh -c ${shellWord(hostScript(lab, host))} ${shellWord(initMarker(lab.name, host.name))} </dev/null &`;
  return `unshare --mount --net --uts --ipc --pid sh -c ${shellWord(init)} </dev/null`;
}

function hostScript(lab: LabPlan, host: HostPlan): string {
  const home = join(disksDirectory(lab.name), host.name);
  return [
    'set -e',
    'read -r pid rest </proc/self/stat',
    `echo ${host.name} >/proc/sys/kernel/hostname`,
    ...lab.disk.filter((directory) => existsSync(directory)).flatMap((directory) => diskLines(home, directory)),
    `[ -e ${shellWord(home)}/installed ] || {`,
    `printf %s ${shellWord(hostsFile(lab.hosts))} >/etc/hosts`,
    `echo ${host.name} >/etc/hostname`,
    `echo ${randomUUID().replaceAll('-', '')} >/etc/machine-id`,
    `: >${shellWord(home)}/installed; }`,
    'mount -t proc proc /proc',
    'mount -t sysfs sysfs /sys',
    ...volatileDirectories.flatMap((directory) => volatileLines(home, directory)),
    'mkdir -m 1777 /run/lock',
    `echo "ready ${host.name} $pid"`,
    'exec >/dev/null 2>&1',
    `exec sh -c ${shellWord(reapForEver)} "$0"`,
  ].join('\n');
}

/** Copy-on-write over the machine's own: installed programs find what their packages put there, and change only their own. */
function diskLines(home: string, directory: string): string[] {
  const disk = shellWord(join(home, 'disk', directory));
  const { mode, uid, gid } = statSync(directory);
  const layers = `lowerdir=${directory},upperdir=${disk}/upper,workdir=${disk}/work,index=off`;
  return [
    `[ -d ${disk} ] || { mkdir -p ${disk}/work; mkdir -m ${(mode & 0o7777).toString(8)} ${disk}/upper; chown ${uid}:${gid} ${disk}/upper; }`,
    `mount -t overlay -o ${layers} haven-lab ${directory}`,
  ];
}

/** A checkout or a Node that lives below one of them (a fresh clone in /tmp, say) stays visible at its place. */
function volatileLines(home: string, directory: string): string[] {
  const mode = directory === '/run' ? '755' : '1777';
  const kept = [programDirectory(), dirname(process.execPath)].filter((path) => path.startsWith(`${directory}/`));
  if (kept.length === 0) return [`mount -t tmpfs -o mode=${mode} haven-lab ${directory}`];
  const stage = join(home, 'stage', directory);
  const inStage = (path: string) => shellWord(join(stage, path.slice(directory.length)));
  return [
    `mkdir -p ${shellWord(stage)}`,
    `mount -t tmpfs -o mode=${mode} haven-lab ${shellWord(stage)}`,
    ...kept.map((path) => `mkdir -p ${inStage(path)} && mount --bind ${shellWord(path)} ${inStage(path)}`),
    `mount --rbind ${shellWord(stage)} ${directory}`,
  ];
}

/** Where the package is installed: the nearest directory above this file with a package.json. */
export function programDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json')) && directory !== '/') directory = dirname(directory);
  return directory;
}

/** Lines for `ip -batch` as a here-document of a shell script. */
export function batch(ip: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${ip} -batch - <<'END'`, ...lines, 'END'];
}
