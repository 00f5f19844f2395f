import { buildCommand } from '@stricli/core';
import { chosenLab, type LabFlags, labFlag, linkFlag } from './flags.ts';

type Flags = Pick<LabFlags, 'lab'> & { readonly link?: number; readonly host?: string; readonly file?: string };

export const captureCommand = buildCommand({
  docs: {
    brief: 'Show or keep the frames of a switch or of a host, until Ctrl-C',
    customUsage: [
      '[--link N] [--host HOST] [--file FILE] [FILTER]…',
      { input: 'vrrp', brief: 'what routers say to each other' },
      { input: '--host node1 --file node1.pcap', brief: 'all that node1 sends and hears' },
    ],
  },
  parameters: {
    flags: {
      link: { ...linkFlag, brief: 'Which switch, or which interface of the host; default 0' },
      host: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'HOST',
        brief: 'In this host instead of the switch',
      },
      file: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FILE',
        brief: 'Write a pcap file instead of text',
      },
      lab: labFlag,
    },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'FILTER', brief: 'What to keep, as for tcpdump' },
    },
  },
  async func(flags: Flags, ...filter: string[]) {
    const lab = await chosenLab(flags);
    const { link, host } = flags;
    const where = { ...(link === undefined ? {} : { link }), ...(host === undefined ? {} : { host }) };
    const kept = flags.file === undefined ? ['-l'] : ['-U', '-Z', 'root', '-w', flags.file];
    // tcpdump is in our process group: Ctrl-C ends it, and we end with it.
    process.on('SIGINT', () => {});
    process.exitCode = await lab.tcpdump(where, [...kept, ...filter]);
  },
});
