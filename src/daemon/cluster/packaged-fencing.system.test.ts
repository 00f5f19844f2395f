// Fence agents of Debian's package fence-agents, driven as the cluster drives them. What they talk to is the lab's switch: a
// BMC by ipmitool for each host, and a hypervisor by ssh that knows them all. The steps follow one another.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { AgentCatalogue, formatAgent } from '../../agents/index.ts';
import { PowerSwitch } from '../../lab/index.ts';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const lacks =
  existsSync('/usr/sbin/fence_ipmilan') && existsSync('/usr/sbin/fence_virsh') ? false : 'needs fence-agents';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? lacks : 'runs with: npm run interop -- haven';
const haven = [process.execPath, '--single-threaded-gc', resolve('dist', 'haven.js')];
const boot = `exec ${haven.join(' ')} daemon >>/var/log/haven.log 2>&1\n`;

/** What the agents start in place of the real programs. */
const programs = {
  ipmitool: `#!/bin/sh
for word; do [ "$before" = -H ] && plug=n\${word##*.}; before=$word; verb=$word; done
case "$verb" in
  status) lab-power bmc status $plug && echo 'Chassis Power is on' || echo 'Chassis Power is off';;
  *) lab-power bmc $verb $plug && echo "Chassis Power Control: $verb";;
esac
`,
  ssh: '#!/bin/sh\nfor word; do command=$word; done\nexec sh -c "$command"\n',
  virsh: `#!/bin/sh
case "$1" in
  list) echo ' Id  Name  State'; echo '-----'; lab-power virt list | sed 's/.*/ 1  &  running/'; echo;;
  domstate) lab-power virt status $2 && echo running || echo 'shut off';;
  destroy) lab-power virt off $2 && echo "Domain '$2' destroyed";;
  start) lab-power virt on $2 && echo "Domain '$2' started";;
esac
`,
};

/** Tools for people that bear an agent's name. */
const noAgents = ['stonith:fence_ack_manual'];

test('every packaged fence agent describes itself', { skip }, async () => {
  const catalogue = new AgentCatalogue();
  const agents = catalogue.list('stonith').filter((agent) => !noAgents.includes(formatAgent(agent)));
  assert.ok(agents.length > 50);
  for (const agent of agents) {
    const metadata = await catalogue.metadata(agent);
    assert.ok(metadata.ok, `${formatAgent(agent)}: ${metadata.ok ? '' : metadata.error}`);
  }
  const [tool = ''] = noAgents;
  const other = await catalogue.metadata({ class: 'stonith', type: tool.slice('stonith:'.length) });
  assert.match(other.ok ? '' : other.error, /gave no meta-data/);
});

test('packaged agents fence by a BMC, and by a hypervisor where that fails', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  const power = await PowerSwitch.install(cluster.lab, hostNames);
  const scene = new Scene(cluster, power);
  try {
    await scene.furnish();
    await t.test('the devices are made, watched, and known for what they fence', () => scene.configures());
    await t.test('a lost node is fenced by its BMC and comes back', () => scene.fencesByBmc());
    await t.test('a BMC that refuses is tried twice, then the hypervisor is', () => scene.fallsBack());
    await t.test('off, on and reboot by hand, and what is said of them', () => scene.obeys());
    await t.test('a device with a wrong setting says so where it is looked for', () => scene.tellsMistake());
    await t.test('a kill test with fencing on: the node is fenced, comes back, and all is well', () =>
      scene.killTests(),
    );
  } finally {
    await power.close();
    await cluster.down();
  }
});

class Scene {
  readonly #cluster: ClusterHosts;
  readonly #power: PowerSwitch;

  constructor(cluster: ClusterHosts, power: PowerSwitch) {
    this.#cluster = cluster;
    this.#power = power;
  }

  async furnish(): Promise<void> {
    for (const name of hostNames) {
      const host = this.#cluster.lab.host(name);
      for (const [program, script] of Object.entries(programs)) {
        await host.writeFile(`/usr/local/bin/${program}`, script, 0o755);
      }
      await host.writeFile('/root/key', '', 0o600);
      await host.writeFile('/etc/haven-lab/boot', boot);
      this.#cluster.startDaemon(name);
    }
    for (const name of hostNames) await this.#cluster.until(name, 'a whole cluster', isWhole);
  }

  async configures(): Promise<void> {
    for (const name of hostNames) {
      const bmc = [`ip=10.88.0.${name.slice(1)}`, 'username=admin', 'password=s3cret-word', 'lanplus=1'];
      const own = ['ipmitool_path=/usr/local/bin/ipmitool', `pcmk_host_list=${name}`, 'power_wait=0'];
      await this.#say('n1', ['resource', 'create', `ipmi-${name}`, 'stonith:fence_ipmilan', ...bmc, ...own]);
      await this.#say('n1', ['fence', 'level', 'add', '1', name, `ipmi-${name}`]);
    }
    const login = ['ip=10.88.0.100', 'username=root', 'identity_file=/root/key', 'ssh_path=/usr/local/bin/ssh'];
    const patience = ['login_timeout=60', 'shell_timeout=60'];
    await this.#say('n1', ['resource', 'create', 'virt', 'stonith:fence_virsh', ...login, ...patience, '--wait']);
    for (const name of hostNames) await this.#say('n1', ['fence', 'level', 'add', '2', name, 'virt']);
    await this.#say('n1', ['resource', 'create', 'web', 'ocf:haven:process', 'command=/bin/sleep', 'args=86400']);
    await this.#say('n1', ['resource', 'move', 'web', 'n3', '--wait']);
    const status = await this.#cluster.until('n1', 'devices and service run', (seen) =>
      ['virt', 'web', ...hostNames.map((name) => `ipmi-${name}`)].every((id) => nodeOf(seen, id) !== undefined),
    );
    assert.deepEqual(status.failures, []);
    const devices = await this.#say('n2', ['fence', 'devices']);
    assert.match(devices, /ipmi-n2 +fence_ipmilan +fences n2 +run by n\d/);
    assert.match(devices, /virt +fence_virsh +fences whom it knows, when asked/);
    assert.match(await this.#say('n2', ['fence', 'list', 'n2']), /^1 +ipmi-n2\n2 +virt$/m);
  }

  async fencesByBmc(): Promise<void> {
    await this.#cluster.lab.kill('n3');
    await this.#elsewhere();
    await this.#back();
    // Its power was off already, which the agent sees.
    assert.deepEqual(this.#asked(), ['bmc on n3']);
    assert.match(await this.#say('n2', ['fence', 'history']), /n3 +reboot +done +by ipmi-n3 +for the scheduler/);
  }

  async fallsBack(): Promise<void> {
    this.#power.asked.length = 0;
    this.#power.refuse('bmc');
    // Of a node that is off already the agent asks no more than that it come on, and is content when that fails.
    await this.#cluster.lab.cut('n3', { mode: 'silent' });
    await this.#elsewhere();
    await this.#cluster.lab.heal('n3');
    await this.#back();
    assert.deepEqual([...new Set(this.#asked())].slice(-2), ['virt off n3', 'virt on n3']);
    assert.match(await this.#say('n2', ['fence', 'history', 'n3']), /n3 +reboot +done +by virt/);
    this.#power.refuse();
  }

  async obeys(): Promise<void> {
    assert.match(await this.#say('n1', ['fence', 'off', 'n3']), /n3 was fenced \(off\)/);
    await this.#elsewhere();
    assert.match(await this.#say('n1', ['fence', 'unfence', 'n3']), /n3/);
    await this.#back();
    assert.match(await this.#say('n1', ['fence', 'reboot', 'n3']), /n3 was fenced \(reboot\)/);
    await this.#back();
    this.#power.refuse('bmc', 'virt');
    const told = await this.#say('n1', ['fence', 'reboot', 'n3'], 1);
    assert.match(told, /fencing n3 failed: ipmi-n3 on n\d: .*; virt on n\d: /);
    assert.doesNotMatch(told, /s3cret-word/);
    this.#power.refuse();
    await this.#back();
  }

  async tellsMistake(): Promise<void> {
    const missing = ['ip=10.88.0.9', 'username=root', 'identity_file=/root/nokey', 'pcmk_host_list=n1'];
    await this.#say('n1', ['resource', 'create', 'wrong', 'stonith:fence_virsh', ...missing, '--wait']);
    const status = await this.#cluster.until('n1', 'it has failed', ({ failures }) =>
      failures.some(({ resource }) => resource === 'wrong'),
    );
    assert.match(
      status.failures.find(({ resource }) => resource === 'wrong')?.reason ?? '',
      /^Failed: Identity file \/root\/nokey does not exist$/,
    );
    await this.#say('n1', ['resource', 'delete', 'wrong', '--wait']);
  }

  async killTests(): Promise<void> {
    for (const kind of ['daemon', 'silence']) {
      await this.#back();
      await eventually('the cluster is at rest', async () => ({
        done: await this.#cluster.api('n1').settled(1000),
        value: undefined,
      }));
      this.#power.asked.length = 0;
      const words = ['node', 'kill-test', 'n3', '--kind', kind, '--for', '60s', '--within', '3min', '--yes'];
      const told = await this.#say('n1', words);
      assert.match(told, /n3 was missed +after .*web +n3 -> n\d +runs again after .*Everything is as it should be/s);
      assert.deepEqual(this.#asked(), ['bmc off n3', 'bmc on n3'], kind);
    }
  }

  #asked(): string[] {
    return this.#power.asked.map((words) => words.replace(/ from .*/, ''));
  }

  async #elsewhere(): Promise<void> {
    await this.#cluster.until('n1', 'the service runs elsewhere', (seen) =>
      ['n1', 'n2'].includes(nodeOf(seen, 'web') ?? ''),
    );
  }

  async #back(): Promise<void> {
    await this.#cluster.until('n1', 'n3 is back', (seen) => isWhole(seen) && nodeOf(seen, 'web') === 'n3');
  }

  /** What the command prints; it has to end with `code`. */
  async #say(host: HostName, words: readonly string[], code = 0): Promise<string> {
    const done = await this.#cluster.lab.host(host).run([...haven, ...words], { timeoutMs: 300_000 });
    assert.equal(done.code, code, `${host}: haven ${words.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout + done.stderr;
  }
}
