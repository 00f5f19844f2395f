// The real peer: Debian's Corosync and Pacemaker on lab hosts, with their own timers, started as their units start them.
import { pair, raiseHosts, site, stickiness } from '../../stage/index.ts';
import { poll, type Rival } from './rival.ts';

const corosyncConf = (nodes: readonly string[]) => `totem {
  version: 2
  cluster_name: bench
  transport: knet
  crypto_cipher: none
  crypto_hash: none
}
nodelist {
${nodes.map((name, index) => `  node {\n    ring0_addr: 10.77.0.${index + 1}\n    name: ${name}\n    nodeid: ${index + 1}\n  }`).join('\n')}
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync.log
}
`;

const bootScript = 'mkdir -p /run/crm /var/log/pacemaker\ncorosync && exec pacemakerd >>/var/log/pacemakerd.log 2>&1\n';

const options = `<cluster_property_set id="cib-bootstrap-options">${pair('options', 'stonith-enabled', 'false')}</cluster_property_set>`;

const formedWithinMs = 150_000;

export async function raisePacemaker(name: string): Promise<Rival> {
  const furnish = { '/etc/corosync/corosync.conf': corosyncConf };
  const { lab, nodes } = await raiseHosts({
    name,
    nodeCount: 3,
    bootScript,
    furnish: async (host, names) => {
      for (const [file, text] of Object.entries(furnish)) await host.writeFile(file, text(names));
    },
  });
  const first = () => lab.host(nodes[0] ?? '');
  const isWhole = async () => {
    const seen = await Promise.all(nodes.map((node) => lab.host(node).run(['crm_mon', '-1', '--output-as=xml'])));
    const texts = seen.filter(({ code }) => code === 0).map(({ stdout }) => stdout);
    if (texts.some((text) => text.includes('<failure '))) await first().run(['crm_resource', '--cleanup']);
    const online = (text: string) =>
      text.split('<resources>')[0]?.match(/<node name="[^"]*"[^>]*online="true"[^>]*standby="false"/g)?.length ?? 0;
    return (
      texts.length === nodes.length &&
      texts.every((text) => online(text) === nodes.length && !/pending="[^f"]/.test(text))
    );
  };
  return {
    program: 'corosync+pacemaker',
    lab,
    nodes,
    processes: '^corosync|^pacemakerd|^/usr/lib(exec)?/pacemaker/',
    assemble: () => poll('the peer has formed', isWhole, formedWithinMs),
    configure: async () => {
      const create = async (section: string, xml: string) =>
        void (await first().output(['cibadmin', '--modify', '--allow-create', '-o', section, '--xml-text', xml]));
      await create('crm_config', options);
      await create('rsc_defaults', stickiness);
      await create('resources', site);
    },
    setStandby: async (node, value) =>
      void (await first().output(['crm_attribute', '--node', node, '--name', 'standby', '--update', value])),
    isWhole,
  };
}
