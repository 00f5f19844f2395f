// What `ocf:haven:process` says of itself.
import { actionOf, parameterOf } from '../address/metadata.ts';
import type { AgentMetadata } from '../metadata.ts';

export const processMetadata: AgentMetadata = {
  name: 'process',
  version: '1.0',
  short: 'A command that Haven supervises itself',
  long: `Runs a command that stays in the foreground. Its end is known at once, not at the next monitor. A restart of the
daemon leaves it running and takes it up again.`,
  parameters: [
    parameterOf('command', 'The program to run: an absolute path', { required: true }),
    parameterOf('args', 'Its arguments, separated by spaces; quotes and backslashes as in a shell, nothing else is'),
    parameterOf('user', 'The user to run it as: a name or a number', { default: 'root' }),
    parameterOf('directory', 'Its working directory', { default: '/' }),
    parameterOf('environment', 'NAME=VALUE words added to its environment, quoted as in args'),
    parameterOf('logfile', 'A file to which its output is appended; when left out, the output is dropped'),
    parameterOf('pidfile', 'A file to write its process id to; a process that it names already is taken over', {
      unique: true,
    }),
    parameterOf('stop_signal', 'The signal that asks it to end', { default: 'TERM' }),
    parameterOf('stop_timeout', 'How long it may take to end before it is killed', { default: '10s' }),
    parameterOf('settle', 'How long it must live for the start to count as a success', { default: '20ms' }),
  ],
  actions: [
    actionOf('start', 20_000),
    actionOf('stop', 20_000),
    actionOf('monitor', 20_000, 10_000),
    actionOf('validate-all', 20_000),
    actionOf('meta-data', 5000),
  ],
};
