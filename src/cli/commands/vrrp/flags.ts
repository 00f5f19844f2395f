// Keepalived's options, all of them, so that units and scripts written for it go on working.

export type RunFlags = {
  readonly useFile: string;
  readonly configId?: string;
  readonly logDetail: boolean;
  readonly logConsole: boolean;
  readonly logFacility: string;
  readonly noSyslog: boolean;
  readonly logFile?: string;
  readonly configTest?: string;
  readonly dumpConf: boolean;
  readonly signum?: string;
  readonly version: boolean;
  readonly pid?: string;
  readonly vrrp_pid?: string;
  readonly namespace?: string;
  readonly umask?: string;
  readonly dontFork: boolean;
  readonly dontRespawn: boolean;
  readonly check: boolean;
  readonly dontReleaseVrrp: boolean;
} & { readonly [Name in keyof typeof idleSwitches]: boolean } & { readonly [Name in keyof typeof idleWords]?: string };

const yes = (brief: string) => ({ kind: 'boolean', default: false, brief }) as const;
const word = (brief: string) => ({ kind: 'parsed', parse: String, optional: true, brief }) as const;

/** What belongs to parts of Keepalived that are not here, or is done always. */
const idleSwitches = {
  vrrp: yes('Accepted: VRRP is all it does'),
  all: yes('Accepted: there is one process'),
  no_bfd: yes('Accepted: BFD runs when a bfd_instance is configured'),
  releaseVips: yes('Accepted: addresses are always removed'),
  dontReleaseIpvs: yes('Accepted: there is no IPVS'),
  addressMonitoring: yes('Accepted: -D logs addresses'),
  allConfig: yes('Accepted: a missing include is always named'),
  coreDump: yes('Accepted: set by the service manager'),
  flushLogFile: yes('Accepted: every line is written at once'),
  snmp: yes('Accepted: no SNMP; see haven vrrp status --json'),
} as const;

const idleWords = {
  checkers_pid: word('Accepted: no such process'),
  bfd_pid: word('Accepted: no such process'),
  snmpAgentSocket: word('Accepted: no SNMP'),
  coreDumpPattern: word('Accepted: set by the service manager'),
} as const;

export const flags = {
  useFile: { kind: 'parsed', parse: String, default: '/etc/keepalived/keepalived.conf', brief: 'Configuration file' },
  configId: word("What '@NAME' lines are compared with; default the host's name"),
  logDetail: yes('Log every detail'),
  logConsole: yes('Log to standard error instead of the system log'),
  logFacility: { kind: 'parsed', parse: String, default: 'daemon', brief: '0 to 7, local0 to local7, user, daemon' },
  noSyslog: yes('Do not log to the system log'),
  logFile: word('Log to this file, too; default /tmp/keepalived.log'),
  configTest: word('Check the file and end: 0 nothing to say, 5 or 6 as Keepalived; where to say it'),
  dumpConf: yes('Log the instances as they were understood; with -t print the whole configuration as JSON'),
  signum: word('Print the number of a signal: STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON'),
  version: yes('Print the version'),
  pid: word('Pid file; default /run/haven/vrrp.pid'),
  vrrp_pid: word('A second pid file, of the VRRP process'),
  namespace: word('Run in the network namespace of this name (ip netns)'),
  umask: word('Of the files it writes, in octal'),
  dontFork: yes('Stay in the foreground'),
  dontRespawn: yes('In the background: leave it dead when it died'),
  check: yes('Refused: health checks of virtual servers are not done'),
  dontReleaseVrrp: yes('Not done, and said so: addresses are always removed'),
  ...idleSwitches,
  ...idleWords,
} as const;

export const aliases = {
  f: 'useFile',
  i: 'configId',
  D: 'logDetail',
  l: 'logConsole',
  S: 'logFacility',
  G: 'noSyslog',
  g: 'logFile',
  t: 'configTest',
  d: 'dumpConf',
  v: 'version',
  p: 'pid',
  r: 'vrrp_pid',
  s: 'namespace',
  u: 'umask',
  n: 'dontFork',
  P: 'vrrp',
  C: 'check',
  V: 'dontReleaseVrrp',
  B: 'no_bfd',
  R: 'dontRespawn',
  X: 'releaseVips',
  I: 'dontReleaseIpvs',
  a: 'addressMonitoring',
  e: 'allConfig',
  m: 'coreDump',
  x: 'snmp',
  c: 'checkers_pid',
  b: 'bfd_pid',
  A: 'snmpAgentSocket',
  M: 'coreDumpPattern',
} as const;
