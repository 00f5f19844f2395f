// Everything a fresh Debian machine with Node needs, installed by one idempotent program:
//
//   node tools/setup.mjs [start|test|interop|check]
//
// It says what it installs and why, does nothing when nothing is missing, and without root or apt prints what to install
// by hand. No daemon that it installs is started.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

/** Debian packages by purpose: a program that proves the package is there, and why Haven wants it. */
const packages = {
  start: [
    { name: 'iproute2', proof: '/sbin/ip', why: 'network namespaces, bridges and links of the lab' },
    { name: 'util-linux', proof: '/usr/bin/unshare', why: 'the other namespaces of lab hosts' },
    { name: 'tcpdump', proof: '/usr/bin/tcpdump', why: 'haven lab capture' },
    { name: 'nftables', proof: '/usr/sbin/nft', why: 'no_accept of VRRP instances' },
    { name: 'procps', proof: '/usr/bin/pgrep', why: 'agents and lab commands' },
    { name: 'resource-agents', proof: '/usr/lib/ocf/resource.d/heartbeat/IPaddr2', why: 'the standard OCF agents' },
    { name: 'curl', proof: '/usr/bin/curl', why: "the apache agent's monitor" },
    { name: 'apache2', proof: '/usr/sbin/apache2', why: 'the web server of the demonstration' },
  ],
  test: [
    { name: 'keepalived', proof: '/usr/sbin/keepalived', why: 'the real VRRP peer' },
    { name: 'corosync', proof: '/usr/sbin/corosync', why: 'the real ring to live with' },
    { name: 'pacemaker', proof: '/usr/sbin/pacemakerd', why: 'the real cluster that failovers are measured beside' },
    {
      name: 'pacemaker-cli-utils',
      proof: '/usr/sbin/crm_diff',
      why: 'the tools whose digests, patches and decisions Haven repeats',
    },
    { name: 'dbus', proof: '/usr/bin/dbus-daemon', why: 'the real bus between systemd units and who manages them' },
    { name: 'libxml2-utils', proof: '/usr/bin/xmllint', why: 'the XPath that queries are held against' },
    { name: 'iputils-ping', proof: '/usr/bin/ping', why: 'the check script of the acceptance configurations' },
    { name: 'iputils-arping', proof: '/usr/bin/arping', why: 'asking who answers for an address' },
    { name: 'iptables', proof: '/usr/sbin/iptables', why: 'one-way loss on lab links' },
  ],
  interop: [
    { name: 'fence-agents', proof: '/usr/sbin/fence_ipmilan', why: 'the packaged fence agents' },
    { name: 'podman', proof: '/usr/bin/podman', why: 'bundles' },
    { name: 'runc', proof: '/usr/sbin/runc', why: 'containers in hosts of the lab' },
    { name: 'busybox-static', proof: '/bin/busybox', why: 'a container image of one program' },
  ],
  check: [],
};

/** What is needed for a purpose: also what the purposes before it need. */
const wanted = {
  start: packages.start,
  test: [...packages.start, ...packages.test],
  interop: [...packages.start, ...packages.test, ...packages.interop],
  check: [],
};

const purpose = process.argv[2] ?? 'start';
if (!(purpose in wanted)) fail(`unknown purpose '${purpose}': start, test, interop or check`, 64);

checkNode();
installNpmPackages();
installDebianPackages(wanted[purpose]);
if (purpose !== 'check') await buildIfOlder();

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is too old: Haven needs 20.19 or newer. Install it, then run this again`, 69);
}

function installNpmPackages() {
  const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  const stamp = 'node_modules/.haven-lock';
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing the npm packages of package-lock.json');
  // No package of ours needs its install script: koffi, esbuild and biome ship prebuilt binaries.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

function installDebianPackages(/** @type {{name: string, proof: string, why: string}[]} */ wanted) {
  const missing = wanted.filter(({ proof }) => !existsSync(proof) && !existsSync(proof.replace(/^\/usr/, '')));
  if (missing.length === 0) return;
  for (const { name, why } of missing) say(`needs the Debian package ${name}: ${why}`);
  const names = missing.map(({ name }) => name);
  const byHand = `Install by hand, as root: apt-get install --no-install-recommends ${names.join(' ')}`;
  if (process.getuid?.() !== 0) fail(`not root. ${byHand}`, 77);
  if (!existsSync('/usr/bin/apt-get')) fail(`no apt-get here. ${byHand} (or the like of your distribution)`, 69);
  withoutStartingDaemons(() => {
    const install = ['install', '-y', '--no-install-recommends', ...names];
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (spawnSync('apt-get', install, { stdio: 'ignore', env: environment }).status === 0) return;
    run('apt-get', ['update', '-q'], environment);
    run('apt-get', install, environment);
  });
}

/** Debian starts a daemon when its package is installed; policy-rc.d is the documented way to decline. */
function withoutStartingDaemons(/** @type {() => void} */ install) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

async function buildIfOlder() {
  const newest = Math.max(statSync('package-lock.json').mtimeMs, newestUnder('src'), newestUnder('tools'));
  if (existsSync('dist/haven.js') && statSync('dist/haven.js').mtimeMs > newest) return;
  say('building');
  const { buildProgram } = await import('./build.mjs');
  await buildProgram();
}

function newestUnder(/** @type {string} */ folder) {
  const times = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
    (name) => statSync(join(folder, name)).mtimeMs,
  );
  return Math.max(0, ...times);
}

function run(/** @type {string} */ command, /** @type {string[]} */ args, env = process.env) {
  const done = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 28,
  });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}\n`);
  fail(`'${command} ${args.join(' ')}' failed (${done.error?.message ?? `exit code ${done.status}`})`, 1);
}

function say(/** @type {string} */ line) {
  process.stderr.write(`setup: ${line}\n`);
}

function fail(/** @type {string} */ line, /** @type {number} */ code) {
  process.stderr.write(`setup: ${line}\n`);
  process.exit(code);
}
