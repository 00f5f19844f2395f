// The pair of the demonstration: two lab hosts with a web server and `haven vrrp` each, and a client, all real.
import { CommandFailure } from '../../../../kit/index.ts';
import { createLab, type Host, type Lab } from '../../../../lab/index.ts';
import { programPath } from '../../../../linux/index.ts';

export const servers = ['server1', 'server2'] as const;
export const clientName = 'client';
export const virtualAddress = '192.168.122.200';
/** As configured: a v2 router advertises each second, and is missed after three of them and its skew. */
export const advertiseMs = 1000;

const network = (number: number) => ({
  interfaces: [{ name: 'eth0', addresses: [`192.168.122.${number}/24`] }],
});

const keepalivedConf = (state: string, priority: number) => `vrrp_instance VI_1 {
    state ${state}
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 12345
    }
    virtual_ipaddress {
        ${virtualAddress}/24
    }
}
`;

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

/** Runs at each boot of a server: what an init system would start. */
const bootScript = () => `
/usr/sbin/apache2 -f /etc/apache-demo.conf
exec '${process.execPath}' '${programPath()}' vrrp -f /etc/keepalived/keepalived.conf >>/var/log/haven-vrrp.log 2>&1
`;

/** Makes the lab and starts everything; the lab ends with this process. */
export async function makePair(name: string): Promise<Lab> {
  const lab = await createLab({
    name,
    hosts: [
      { name: servers[0], ...network(101) },
      { name: servers[1], ...network(102) },
      { name: clientName, ...network(10) },
    ],
  });
  try {
    await Promise.all([
      furnish(lab.host(servers[0]), keepalivedConf('MASTER', 244)),
      furnish(lab.host(servers[1]), keepalivedConf('BACKUP', 243)),
    ]);
    for (const server of servers) await lab.onBoot(server, bootScript());
    await lab.respond([...servers]);
    for (const server of servers) lab.host(server).spawn(['setsid', 'sh', bootFile], { stdio: 'ignore' });
    return lab;
  } catch (thrown) {
    await lab.down();
    throw thrown;
  }
}

const bootFile = '/etc/haven-lab/boot';

async function furnish(host: Host, configuration: string): Promise<void> {
  await host.writeFile('/etc/keepalived/keepalived.conf', configuration);
  await host.writeFile('/etc/apache-demo.conf', apacheConf(host.name));
  await host.writeFile('/srv/www/index.html', `Served by ${host.name}\n`);
}

/** Who has the virtual address now, asked of every host that is up. */
export async function holdersOf(lab: Lab): Promise<string[]> {
  const { hosts } = await lab.status();
  const up = hosts.filter((host) => host.state === 'up' && servers.some((server) => server === host.name));
  const asked = await Promise.all(
    up.map(async ({ name }) => {
      const done = await lab.host(name).run(['ip', '-o', 'address', 'show', 'to', `${virtualAddress}/32`]);
      return done.code === 0 && done.stdout.includes(virtualAddress) ? name : undefined;
    }),
  );
  return asked.filter((name) => name !== undefined);
}

/** Waits until exactly this server holds the address. @throws CommandFailure `timeout`, with the daemons' last words. */
export async function waitForHolder(lab: Lab, wanted: string, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const holders = await holdersOf(lab);
    if (holders.length === 1 && holders[0] === wanted) return;
    if (performance.now() > deadline) {
      const what = `${wanted} did not come to hold ${virtualAddress} within ${withinMs / 1000} s`;
      throw new CommandFailure({
        kind: 'timeout',
        what,
        why: `held by: ${holders.join(', ') || 'nobody'}`,
        fix: logHint,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const logHint = 'Look into /var/log/haven-vrrp.log of each server (haven lab exec HOST -- cat /var/log/haven-vrrp.log)';
