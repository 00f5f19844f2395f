// The logging section's values, checked before anything else of the file means something.
import type { ConfigValues } from './values.ts';

const switches = ['yes', 'on', 'no', 'off'];
const priorities = ['emerg', 'alert', 'crit', 'err', 'error', 'warning', 'notice', 'info', 'debug'];
const facilities = [
  ...['auth', 'authpriv', 'cron', 'daemon', 'ftp', 'kern', 'lpr', 'mail', 'news', 'syslog', 'user', 'uucp', 'none'],
  ...Array.from({ length: 8 }, (_, number) => `local${number}`),
];

const rules: readonly (readonly [key: string, words: readonly string[], fault: string])[] = [
  ['to_stderr', switches, 'unknown value for to_stderr.'],
  ['to_syslog', switches, 'unknown value for to_syslog.'],
  ['to_logfile', switches, 'unknown value for to_logfile.'],
  ['to_file', switches, 'unknown value for to_file.'],
  ['timestamp', ['on', 'off', 'hires'], 'unknown value for timestamp.'],
  ['fileline', ['on', 'off'], 'unknown value for fileline.'],
  ['function_name', ['on', 'off'], 'unknown value for function_name.'],
  ['blackbox', ['on', 'off'], 'unknown value for blackbox.'],
  ['syslog_facility', facilities, 'unknown syslog facility specified.'],
  ['syslog_level', priorities, 'unknown syslog level specified.'],
  ['syslog_priority', priorities, 'unknown syslog priority specified.'],
  ['logfile_priority', priorities, 'unknown logfile priority specified.'],
  ['debug', ['on', 'off', 'trace'], 'unknown value for debug.'],
];

/** Of the section itself, then of each logger_subsys in it. */
export function loggingFault(values: ConfigValues): string | undefined {
  const subsystems = [...values.under('logging.logger_subsys').keys()].map((key) => key.split('.')[0] ?? '');
  const sections = ['logging', ...[...new Set(subsystems)].sort().map((name) => `logging.logger_subsys.${name}`)];
  for (const section of sections) {
    for (const [key, words, fault] of rules) {
      const value = values.text(`${section}.${key}`);
      if (value !== undefined && !words.includes(value)) return `parse error in config: ${fault}`;
    }
  }
  return undefined;
}
