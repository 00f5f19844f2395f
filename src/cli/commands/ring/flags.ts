// What the `haven ring` commands have in common.

export const fileFlag = {
  kind: 'parsed',
  parse: String,
  default: '/etc/corosync/corosync.conf',
  placeholder: 'FILE',
  brief: 'The configuration file',
} as const;

export const authkeyFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'FILE',
  brief: 'The authkey; default /etc/haven/authkey, then /etc/corosync/authkey',
} as const;

export const socketFlag = {
  kind: 'parsed',
  parse: String,
  default: '/run/haven/ring.sock',
  placeholder: 'PATH',
  brief: 'Where the running ring answers',
} as const;

export const jsonFlag = { kind: 'boolean', optional: true, withNegated: false, brief: 'Answer in JSON' } as const;
