// Bundles as an administrator has them: containers of podman from an image of one program, made by the standard agent.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole } from './testing/hosts.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const programs = ['/usr/bin/podman', '/usr/sbin/runc', '/bin/busybox'];
const lacks = programs.every((program) => existsSync(program)) ? false : 'needs podman, runc and busybox-static';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? lacks : 'runs with: npm run interop -- haven';
const haven = [process.execPath, '--single-threaded-gc', resolve('dist', 'haven.js')];

const image = 'localhost/web:1';
const port = 8099;
/** Limits that the lab's hosts can give, and one place for images that needs nothing of the kernel. */
const containersConf = `[engine]
runtime = "runc"
[containers]
pids_limit = 0
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`;
const storageConf = `[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`;
const makeImage = `set -e
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /tmp/image/bin /tmp/image/www && cp /bin/busybox /tmp/image/bin/
for name in sh httpd true; do ln -sf busybox /tmp/image/bin/$name; done
tar -C /tmp/image -c . | podman import - ${image}
mkdir -p /srv/page && hostname >/srv/page/index.html
`;

test('a bundle of two containers: started, served, moved, recovered, stopped', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  const scene = new Scene(cluster);
  try {
    await scene.furnish();
    await t.test('its commands make it, and a container serves on two hosts', () => scene.creates());
    await t.test('a container that was killed is started again', () => scene.recovers());
    await t.test('a host in standby gives its container to the third', () => scene.moves());
    await t.test('stopped, no container is left', () => scene.stops());
  } finally {
    await scene.clear();
    await cluster.down();
  }
});

class Scene {
  readonly #cluster: ClusterHosts;

  constructor(cluster: ClusterHosts) {
    this.#cluster = cluster;
  }

  async furnish(): Promise<void> {
    const { lab } = this.#cluster;
    for (const name of hostNames) {
      const host = lab.host(name);
      await host.writeFile('/etc/containers/containers.conf', containersConf);
      await host.writeFile('/etc/containers/storage.conf', storageConf);
      await host.output(['sh', '-c', makeImage]);
      this.#cluster.startDaemon(name);
    }
    for (const name of hostNames) await this.#cluster.until(name, 'a whole cluster', isWhole);
    await this.#do('property', 'set', 'stonith-enabled=false');
  }

  async creates(): Promise<void> {
    const serve = `/bin/httpd -f -p ${port} -h /www`;
    await this.#do(
      ...['resource', 'bundle', 'create', 'web', 'container', 'podman', `image=${image}`, 'replicas=2'],
      ...['network=host', `run-command=${serve}`, 'storage-map', 'source-dir=/srv/page', 'target-dir=/www'],
    );
    await this.#serving(2);
  }

  async recovers(): Promise<void> {
    const [victim] = await this.#serving(2);
    assert.ok(victim !== undefined);
    const before = await this.#containers(victim);
    await this.#cluster.lab.host(victim).output(['sh', '-c', `podman kill ${before.join(' ')}`]);
    await eventually('the container runs again', async () => {
      const value = await this.#servers();
      const status = await this.#cluster.api('n1').status();
      const failed = JSON.stringify(status).includes('fail');
      return { done: value.length === 2 && failed, value };
    });
  }

  async moves(): Promise<void> {
    const [left] = await this.#serving(2);
    assert.ok(left !== undefined);
    await this.#do('node', 'standby', left, '--wait');
    const now = await this.#serving(2);
    assert.ok(!now.includes(left));
    assert.deepEqual(await this.#containers(left), []);
    await this.#do('node', 'online', left, '--wait');
  }

  async stops(): Promise<void> {
    await this.#do('resource', 'disable', 'web', '--wait');
    await this.#serving(0);
    for (const name of hostNames) assert.deepEqual(await this.#containers(name), []);
  }

  /** The control group above those of the containers outlives them, and the lab. */
  async clear(): Promise<void> {
    await this.#cluster.lab
      .host('n1')
      .run(['sh', '-c', 'find /sys/fs/cgroup/libpod_parent -depth -type d -exec rmdir {} +']);
  }

  #do(...words: readonly string[]): Promise<string> {
    return this.#cluster.lab.host('n2').output([...haven, ...words]);
  }

  async #containers(name: HostName): Promise<string[]> {
    const listed = await this.#cluster.lab.host(name).output(['podman', 'ps', '--all', '--quiet']);
    return listed.split('\n').filter((line) => line !== '');
  }

  /** The hosts where a container answers, once there are so many. */
  #serving(count: number): Promise<HostName[]> {
    return eventually(`${count} containers serve`, async () => {
      const value = await this.#servers();
      return { done: value.length === count, value };
    });
  }

  async #servers(): Promise<HostName[]> {
    const asked = hostNames.map(async (name) => {
      const page = await this.#cluster.lab.host(name).run(['curl', '-sf', `http://127.0.0.1:${port}/index.html`]);
      return page.code === 0 && page.stdout.trim() === name ? [name] : [];
    });
    return (await Promise.all(asked)).flat();
  }
}
