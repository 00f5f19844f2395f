import { buildCommand } from '@stricli/core';
import { jsonFlag, loadLabRoom, wholeNumber } from './flags.ts';
import { formatStatus } from './status-table.ts';

type Flags = {
  readonly json?: boolean;
  readonly lab: string;
  readonly hosts: number | readonly string[];
  readonly links: number;
};

export const upCommand = buildCommand({
  docs: {
    brief: 'Make a lab: hosts with their own network, files and processes on this machine',
    fullDescription:
      'Hosts are called node1, node2, … or as you name them. On link L host N has 10.77.L.N/24 and fd77:0:0:L::N/64. ' +
      'The lab stays until `haven lab down`.',
  },
  parameters: {
    flags: {
      hosts: {
        kind: 'parsed',
        parse: hostsOf,
        default: '3',
        placeholder: 'N|NAME,…',
        brief: 'How many hosts, or their names',
      },
      links: {
        kind: 'parsed',
        parse: wholeNumber,
        default: '1',
        placeholder: 'N',
        brief: 'How many separate networks',
      },
      lab: { kind: 'parsed', parse: String, default: 'lab', placeholder: 'NAME', brief: 'What to call it' },
      json: jsonFlag,
    },
  },
  async func(flags: Flags) {
    const { createLab } = await loadLabRoom();
    const { hosts, links } = flags;
    const started = performance.now();
    const lab = await createLab({ name: flags.lab, hosts, links, lifetime: 'detached' });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const status = await lab.status();
    if (flags.json === true) return void process.stdout.write(`${JSON.stringify(status)}\n`);
    const first = status.hosts[0]?.name ?? 'HOST';
    process.stdout.write(`${formatStatus(status)}\nUp in ${seconds} s. Try: haven lab exec ${first} -- ip address\n`);
  },
});

function hostsOf(text: string): number | readonly string[] {
  return /^\d/.test(text) && !text.includes(',') ? wholeNumber(text) : text.split(',');
}
