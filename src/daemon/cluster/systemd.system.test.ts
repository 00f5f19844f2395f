// Machines that Debian's systemd runs, with Haven's packaged units and services that the cluster runs over the real bus. The
// steps follow one another.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';
import { besideSystemd, bootWithSystemd, packagedUnit, removeGroups } from './testing/service-manager.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const lacks = existsSync('/lib/systemd/systemd') ? false : 'needs systemd';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? lacks : 'runs with: npm run interop -- haven';
const haven = [process.execPath, '--single-threaded-gc', resolve('dist', 'haven.js')];

/** Where an administrator's own units can be masked. */
const units = '/usr/local/lib/systemd/system';
const web = '[Unit]\nDescription=A web service\n[Service]\nExecStart=/bin/sleep 86400\nRestart=always\n';
/** Works nowhere but on n2. */
const picky =
  '[Unit]\nDescription=Picky\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/test -e /etc/n2\n';

test('a cluster of machines that systemd runs', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  try {
    for (const name of hostNames) {
      await cluster.lab.host(name).writeFile(`${units}/web.service`, web);
      await cluster.lab.host(name).writeFile(`${units}/picky.service`, picky);
    }
    await cluster.lab.host('n2').writeFile('/etc/n2', '');
    await bootWithSystemd(cluster.lab, hostNames);
    const scene = new Scene(cluster);
    await t.test('the packaged unit starts the node at boot, and says how it is', () => scene.boots());
    await t.test('a unit as a resource: started, watched, restarted, with its drop-in', () => scene.runsUnit());
    await t.test('a unit that fails, is masked or missing is run elsewhere, or nowhere, and why is told', () =>
      scene.fails(),
    );
    await t.test('a killed daemon is started again by systemd, and adopts what runs', () => scene.survivesDaemon());
    await t.test('systemctl stop haven moves everything away first; start brings it back', () => scene.stops());
    await t.test('a machine that is shut down moves everything away before systemd stops the services', () =>
      scene.shutsDown(),
    );
    await t.test('the packaged unit of the VRRP daemon: starts, reloads and stops', () => scene.runsVrrp());
  } finally {
    await cluster.down();
    removeGroups();
  }
});

class Scene {
  readonly #cluster: ClusterHosts;

  constructor(cluster: ClusterHosts) {
    this.#cluster = cluster;
  }

  async boots(): Promise<void> {
    for (const name of hostNames) await this.#cluster.until(name, 'a whole cluster', isWhole);
    assert.equal(await this.#systemctl('n1', 'is-active', 'haven'), 'active');
    assert.match(await this.#systemctl('n1', 'show', '-p', 'StatusText', 'haven'), /StatusText=\S/);
    await this.#haven('n1', ['property', 'set', 'stonith-enabled=false']);
  }

  async runsUnit(): Promise<void> {
    const told = await this.#haven('n1', ['resource', 'describe', 'systemd:web']);
    assert.match(told, /^systemd:web - A web service/);
    await this.#haven('n1', ['resource', 'create', 'web', 'systemd:web', 'op', 'monitor', 'interval=1s', '--wait']);
    await this.#haven('n1', ['resource', 'move', 'web', 'n3', '--wait']);
    assert.equal(await this.#at('web'), 'n3');
    assert.equal(await this.#systemctl('n3', 'is-active', 'web'), 'active');
    assert.equal(await this.#systemctl('n3', 'show', '-p', 'Restart', '--value', 'web'), 'no');
    assert.match(await this.#systemctl('n3', 'show', '-p', 'Before', '--value', 'web'), /haven\.service/);
    const first = await this.#mainPid('n3');
    await this.#systemctl('n3', 'kill', '-s', 'KILL', 'web');
    await eventually('it runs again, as another process', async () => {
      const value = await this.#mainPid('n3');
      return { done: value !== '0' && value !== first, value };
    });
    await this.#cluster.until('n1', 'its failure is known', ({ failures }) =>
      failures.some(({ resource, operation }) => resource === 'web' && operation === 'monitor'),
    );
    await this.#haven('n1', ['resource', 'cleanup', 'web', '--wait']);
  }

  async fails(): Promise<void> {
    await this.#systemctl('n1', 'mask', 'picky');
    await this.#haven('n2', ['resource', 'create', 'picky', 'systemd:picky', '--wait']);
    const status = await this.#cluster.until('n1', 'it runs on n2', (seen) => nodeOf(seen, 'picky') === 'n2');
    for (const { node, reason } of status.failures.filter(({ resource }) => resource === 'picky')) {
      assert.match(reason, node === 'n1' ? /masked on this node/ : /the start of 'picky\.service' ended as 'failed'/);
    }
    await this.#haven('n2', ['resource', 'delete', 'picky', '--wait']);
    assert.match(
      await this.#haven('n2', ['resource', 'create', 'wep', 'systemd:wep'], 105),
      /systemd:wep.*systemd:web/,
    );
  }

  async survivesDaemon(): Promise<void> {
    const service = await this.#mainPid('n3');
    const daemon = await this.#systemctl('n3', 'show', '-p', 'MainPID', '--value', 'haven');
    await this.#systemctl('n3', 'kill', '-s', 'KILL', '--kill-who=main', 'haven');
    await eventually('another daemon runs', async () => {
      const value = await this.#systemctl('n3', 'show', '-p', 'MainPID', '--value', 'haven');
      return { done: value !== '0' && value !== daemon, value };
    });
    for (const name of hostNames) await this.#cluster.until(name, 'a whole cluster', isWhole);
    await this.#cluster.until('n1', 'the service runs once', (seen) => nodeOf(seen, 'web') !== undefined);
    if ((await this.#at('web')) === 'n3') assert.equal(await this.#mainPid('n3'), service);
    await this.#haven('n1', ['resource', 'move', 'web', 'n3', '--wait']);
  }

  async stops(): Promise<void> {
    await this.#systemctl('n3', 'stop', 'haven');
    assert.notEqual(await this.#at('web', 'n1'), 'n3');
    assert.equal(await this.#systemctl('n3', 'is-active', 'web', 'haven'), 'inactive\ninactive');
    await this.#systemctl('n3', 'start', 'haven');
    await this.#cluster.until('n1', 'it is back', (seen) => isWhole(seen) && nodeOf(seen, 'web') === 'n3');
  }

  async shutsDown(): Promise<void> {
    await this.#systemctl('n3', 'poweroff', '--no-wall').catch(() => {});
    const status = await this.#cluster.until('n1', 'n3 has gone', ({ nodes }) =>
      nodes.some(({ name, state }) => name === 'n3' && state !== 'online'),
    );
    assert.deepEqual(
      status.failures.filter(({ resource }) => resource === 'web'),
      [],
    );
    await this.#cluster.until('n1', 'it runs elsewhere', (seen) => ['n1', 'n2'].includes(nodeOf(seen, 'web') ?? ''));
    await eventually('systemd has ended', async () => {
      const { stdout: value } = await this.#cluster.lab.host('n3').run(['pgrep', '-x', 'systemd']);
      return { done: value === '', value };
    });
    await this.#cluster.lab.kill('n3');
    await this.#cluster.lab.boot('n3');
    await this.#cluster.until('n1', 'it is back', (seen) => isWhole(seen) && nodeOf(seen, 'web') === 'n3');
  }

  async runsVrrp(): Promise<void> {
    const host = this.#cluster.lab.host('n2');
    const configuration = (address: string) =>
      `vrrp_instance V {\n state MASTER\n interface eth0\n virtual_router_id 7\n priority 100\n advert_int 1\n virtual_ipaddress {\n  ${address}\n }\n}\n`;
    await host.writeFile('/etc/keepalived/keepalived.conf', configuration('10.77.0.70/24'));
    await host.writeFile('/etc/systemd/system/haven-vrrp.service', packagedUnit('haven-vrrp.service'));
    await this.#systemctl('n2', 'daemon-reload');
    await this.#systemctl('n2', 'start', 'haven-vrrp');
    const has = (address: string) =>
      eventually(`n2 has ${address}`, async () => {
        const value = await host.output(['ip', '-brief', 'address', 'show', 'eth0']);
        return { done: value.includes(`${address}/24`), value };
      });
    await has('10.77.0.70');
    await host.writeFile('/etc/keepalived/keepalived.conf', configuration('10.77.0.71/24'));
    await this.#systemctl('n2', 'reload', 'haven-vrrp');
    await has('10.77.0.71');
    await this.#systemctl('n2', 'stop', 'haven-vrrp');
    assert.doesNotMatch(await host.output(['ip', '-brief', 'address', 'show', 'eth0']), /10\.77\.0\.7[01]/);
    assert.equal(await this.#systemctl('n2', 'is-failed', 'haven-vrrp'), 'inactive');
  }

  async #at(resource: string, teller: HostName = 'n1'): Promise<string | undefined> {
    const running = await this.#cluster.until(
      teller,
      `${resource} runs`,
      (seen) => nodeOf(seen, resource) !== undefined,
    );
    return nodeOf(running, resource);
  }

  #mainPid(host: HostName): Promise<string> {
    return this.#systemctl(host, 'show', '-p', 'MainPID', '--value', 'web');
  }

  async #systemctl(host: HostName, ...words: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await besideSystemd(this.#cluster.lab.host(host), ['systemctl', ...words]);
    // is-active answers by its exit code, too.
    assert.ok(code === 0 || words[0]?.startsWith('is-') === true, `${host}: systemctl ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  async #haven(host: HostName, words: readonly string[], code = 0): Promise<string> {
    const { code: status, stdout, stderr } = await besideSystemd(this.#cluster.lab.host(host), [...haven, ...words]);
    assert.equal(status, code, `${host}: haven ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout + stderr;
  }
}
