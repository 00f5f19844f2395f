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

/** Of the section itself and of each logger_subsys in it. */
export function loggingFault(values: ConfigValues): string | undefined {
  const logging = values.under('logging');
  for (const [key, words, fault] of rules) {
    for (const [name, value] of logging) {
      const own = name === key || (name.startsWith('logger_subsys.') && name.endsWith(`.${key}`));
      if (own && !words.includes(value)) return `parse error in config: ${fault}`;
    }
  }
  return undefined;
}
