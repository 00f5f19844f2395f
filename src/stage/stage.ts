// The stage: lab hosts with a daemon each, a virtual address and a web server in a group, a client that asks. The
// demonstration, the torture run and the comparison with other programs play on it.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, type ClusterStatus, type EditRequest } from '../api/index.ts';
import { CommandFailure } from '../kit/index.ts';
import {
  createLab,
  type Host,
  type Lab,
  PowerSwitch,
  powerSwitchAgent,
  Watchdogs,
  watchdogFifo,
} from '../lab/index.ts';
import { poolOfOne, programPath } from '../linux/index.ts';

export const nodesDefault = 3;
/** The client has the tenth address. */
export const nodesMax = 9;
export const clientName = 'client';
export const virtualAddress = '10.77.0.100';

const network = (number: number) => ({ interfaces: [{ name: 'eth0', addresses: [`10.77.0.${number}/24`] }] });

export type Profile = 'default' | 'fast';

const clusterFile = (
  nodes: readonly string[],
  { profile, safeguard }: Required<Pick<StageOptions, 'profile' | 'safeguard'>>,
) =>
  `${JSON.stringify(
    {
      cluster: 'demo',
      profile,
      ...(safeguard === 'watchdog' ? { watchdog: { device: watchdogFifo, timeoutS: watchdogTimeoutS } } : {}),
      nodes: nodes.map((name, index) => ({ name, id: index + 1, addresses: [`10.77.0.${index + 1}`] })),
    },
    null,
    2,
  )}\n`;

const apacheFile = '/etc/apache-demo.conf';

const apacheConf = (host: string) => `ServerRoot /etc/apache2
ServerName ${host}
Listen 80
PidFile /run/apache-demo.pid
ErrorLog /var/log/apache-demo.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
DocumentRoot /srv/www
Header set X-Haven-Host ${host}
`;

/** What an init system would start at each boot; flags and environment are those of bin/haven. */
const bootScript = (program: string, safeguard: Safeguard) =>
  `${safeguard === 'watchdog' ? `mkfifo ${watchdogFifo} 2>/dev/null\n` : ''}UV_THREADPOOL_SIZE=${poolOfOne.UV_THREADPOOL_SIZE} exec '${process.execPath}' --single-threaded-gc --max-semi-space-size=4 '${program}' daemon >>/var/log/haven.log 2>&1\n`;

/** Patterns of command lines (pgrep -f), of all of a node's processes or of one; they do not match the one who asks. */
export const processes = {
  all: '[.]js (daemon|guardian)',
  daemon: '[.]js daemon',
  guardian: '[.]js guardian',
} as const;

export const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;

const primitive = (id: string, agent: string, parameters: readonly string[], monitor: string) => `
<primitive id="${id}" class="ocf" provider="heartbeat" type="${agent}">
  <instance_attributes id="${id}-instance_attributes">${parameters.join('')}</instance_attributes>
  <operations>
    <op id="${id}-start" name="start" interval="0s" timeout="40s"/>
    <op id="${id}-stop" name="stop" interval="0s" timeout="60s"/>
    <op id="${id}-monitor" name="monitor" interval="${monitor}" timeout="20s"/>
  </operations>
</primitive>`;

export const site = `<group id="site">
${primitive('vip', 'IPaddr2', [pair('vip', 'ip', virtualAddress), pair('vip', 'cidr_netmask', '24')], '10s')}
${primitive('web', 'apache', [pair('web', 'configfile', apacheFile), pair('web', 'statusurl', 'http://127.0.0.1/index.html'), pair('web', 'testregex', 'Served')], '1s')}
</group>`;

/** Holds the process id of the supervised process, on the host that runs it. */
export const workerPidFile = '/run/demo-worker.pid';

/** A process that nothing but its death concerns, beside the site. */
const worker = `<primitive id="worker" class="ocf" provider="haven" type="process">
  <instance_attributes id="worker-instance_attributes">${pair('worker', 'command', '/bin/sleep')}${pair('worker', 'args', 'infinity')}${pair('worker', 'pidfile', workerPidFile)}</instance_attributes>
  <operations><op id="worker-monitor" name="monitor" interval="10s" timeout="20s"/></operations>
</primitive>`;

/** What is between a lost node and a service that runs twice: the lease alone, or a power switch or watchdogs as well. */
export type Safeguard = 'lease' | 'fencing' | 'watchdog';

const watchdogTimeoutS = 3;

const fencingOptions: Readonly<Record<Safeguard, readonly string[]>> = {
  lease: [pair('options', 'stonith-enabled', 'false')],
  fencing: [pair('options', 'stonith-enabled', 'true')],
  watchdog: [
    pair('options', 'stonith-enabled', 'true'),
    pair('options', 'have-watchdog', 'true'),
    // Twice what the device waits for, as its documentation asks.
    pair('options', 'stonith-watchdog-timeout', `${2 * watchdogTimeoutS}s`),
  ],
};

const options = (safeguard: Safeguard) =>
  `<cluster_property_set id="cib-bootstrap-options">${fencingOptions[safeguard].join('')}${pair('options', 'fast-agents', 'true')}</cluster_property_set>`;

const fenceDevice = (nodes: readonly string[]) => `<primitive id="power" class="stonith" type="${powerSwitchAgent}">
  <instance_attributes id="power-instance_attributes">${pair('power', 'switch', 'power')}${pair('power', 'pcmk_host_list', nodes.join(' '))}</instance_attributes>
  <operations><op id="power-monitor" name="monitor" interval="60s" timeout="20s"/></operations>
</primitive>`;

export const stickiness = `<meta_attributes id="rsc-options">${pair('rsc-options', 'resource-stickiness', '100')}</meta_attributes>`;

export type StageOptions = {
  readonly nodeCount?: number;
  /** The entry of the Haven that plays; this one when left out. */
  readonly program?: string;
  readonly profile?: Profile;
  readonly safeguard?: Safeguard;
};

export class Stage {
  readonly lab: Lab;
  /** Names of the hosts that are nodes of the cluster, in the order of their ids, which begin with 1. */
  readonly nodes: readonly string[];
  readonly safeguard: Safeguard;
  /** What takes power from hosts beside their plan: the cluster's fence device, or their watchdogs. */
  readonly power: PowerSwitch | Watchdogs | undefined;

  private constructor({ lab, nodes }: Hosts, safeguard: Safeguard, power: PowerSwitch | Watchdogs | undefined) {
    this.lab = lab;
    this.nodes = nodes;
    this.safeguard = safeguard;
    this.power = power;
  }

  /**
   * Makes the hosts, starts the daemons and configures nothing; the lab ends with this process.
   * @throws CommandFailure
   */
  static async make(
    name: string,
    { nodeCount = nodesDefault, program = programPath(), profile = 'default', safeguard = 'lease' }: StageOptions = {},
  ): Promise<Stage> {
    const key = randomBytes(192).toString('base64');
    const hosts = await raiseHosts({
      name,
      nodeCount,
      bootScript: bootScript(program, safeguard),
      furnish: async (host, names) => {
        await host.writeFile('/etc/haven/cluster.json', clusterFile(names, { profile, safeguard }));
        await host.writeFile('/etc/haven/authkey', key, 0o400);
      },
    });
    return new Stage(hosts, safeguard, await powerOf(hosts, safeguard));
  }

  startDaemon(host: string): void {
    this.lab.host(host).spawn(['setsid', 'sh', '/etc/haven-lab/boot'], { stdio: 'ignore' });
  }

  /** A host's API, through its own file system view. */
  api(host: string): ApiClient {
    return new ApiClient(`/proc/${this.lab.host(host).pid}/root/run/haven/api.sock`);
  }

  async configure(): Promise<void> {
    const { safeguard } = this;
    await this.api(this.nodes[0] ?? '').edit({
      kind: 'all',
      edits: [
        { kind: 'modify', xml: options(safeguard) },
        ...(safeguard === 'fencing'
          ? [{ kind: 'create' as const, section: 'resources', xml: fenceDevice(this.nodes) }]
          : []),
        { kind: 'create', section: 'configuration', xml: `<rsc_defaults>${stickiness}</rsc_defaults>` },
        { kind: 'create', section: 'resources', xml: site },
        { kind: 'create', section: 'resources', xml: worker },
      ],
    });
  }

  /** Status as any node that is up and together tells it; undefined while none is. */
  async status(): Promise<ClusterStatus | undefined> {
    for (const host of this.nodes) {
      try {
        const status = await this.api(host).status();
        if (status.phase === 'together' && status.quorum.quorate) return status;
      } catch {
        // Off, or not up yet.
      }
    }
    return undefined;
  }

  /** Waits until what is wanted shows. @throws CommandFailure `timeout`, with what shows instead. */
  async until(what: string, wanted: (status: ClusterStatus) => boolean, withinMs = 120_000): Promise<ClusterStatus> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const status = await this.status();
      if (status !== undefined && wanted(status)) return status;
      if (performance.now() > deadline) {
        const seen =
          status === undefined
            ? 'no quorate partition'
            : `${status.resources.map(({ id, state, nodes: on }) => `${id} ${state} on ${on.join(', ') || 'no node'}`).join('; ')}`;
        throw new CommandFailure({
          kind: 'timeout',
          what: `${what} did not come about in ${withinMs / 1000} s`,
          why: seen,
        });
      }
      await pause(20);
    }
  }

  /** Who holds the address, as the cluster says. */
  async holder(): Promise<string> {
    const status = await this.until('a holder of the address', ({ resources }) => isServed(resources));
    return status.addresses[0]?.node ?? '';
  }

  async down(): Promise<void> {
    await this.power?.close();
    await this.lab.down();
  }
}

/** The change of the configuration that puts a node of the stage into standby, or takes it out. */
export function standbyEdit(nodes: readonly string[], host: string, value: 'on' | 'off'): EditRequest['edit'] {
  const id = nodes.indexOf(host) + 1;
  const set = `nodes-${id}`;
  const xml = `<node id="${id}"><instance_attributes id="${set}"><nvpair id="${set}-standby" name="standby" value="${value}"/></instance_attributes></node>`;
  return { kind: 'modify', xml };
}

/** The group runs, whole, on one node. */
export function isServed(resources: ClusterStatus['resources']): boolean {
  const group = resources.find(({ id }) => id === 'site');
  return (
    group?.state === 'started' && group.nodes.length === 1 && group.children.every(({ state }) => state === 'started')
  );
}

export type HostsOptions = {
  readonly name: string;
  readonly nodeCount: number;
  /** Starts the cluster's daemons: now, and at each boot. */
  readonly bootScript: string;
  /** What the daemons read. */
  readonly furnish: (host: Host, nodes: readonly string[]) => Promise<void>;
};

function powerOf({ lab, nodes }: Hosts, safeguard: Safeguard): Promise<PowerSwitch> | Watchdogs | undefined {
  switch (safeguard) {
    case 'lease':
      return undefined;
    case 'fencing':
      return PowerSwitch.install(lab, nodes);
    case 'watchdog':
      return new Watchdogs(lab, { hosts: nodes, timeoutMs: watchdogTimeoutS * 1000 });
  }
}

export type Hosts = { readonly lab: Lab; readonly nodes: readonly string[] };

/** Hosts with a web server's files and whatever cluster program, booted; and a client. */
export async function raiseHosts(options: HostsOptions): Promise<Hosts> {
  const { name, nodeCount, bootScript, furnish } = options;
  const nodes = Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
  const hosts = nodes.map((host, index) => ({ name: host, ...network(index + 1) }));
  const lab = await createLab({ name, hosts: [...hosts, { name: clientName, ...network(10) }] });
  try {
    for (const host of nodes) {
      await lab.host(host).writeFile(apacheFile, apacheConf(host));
      await lab.host(host).writeFile('/srv/www/index.html', `Served by ${host}\n`);
      await furnish(lab.host(host), nodes);
      await lab.onBoot(host, bootScript);
    }
    await lab.respond(nodes);
    for (const host of nodes) lab.host(host).spawn(['setsid', 'sh', '/etc/haven-lab/boot'], { stdio: 'ignore' });
    return { lab, nodes };
  } catch (thrown) {
    await lab.down();
    throw thrown;
  }
}
