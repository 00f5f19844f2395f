// What an OCF agent finds in its environment (OCF Resource Agent API 1.1, section 3; Pacemaker Administration, "OCF
// Resource Agents"): parameters as OCF_RESKEY_<name>, the cluster's own as OCF_RESKEY_CRM_meta_<name>.

export type Operation = {
  /** Instance name as the agent is to know it (`web`, `ping:2`). */
  readonly resource: string;
  /** start, stop, monitor, promote, notify, migrate_to, … */
  readonly action: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly parameters: Readonly<Record<string, string>>;
  /** Meta attributes and what the cluster knows of the operation (clone, notify_start_resource, …), without prefix. */
  readonly meta: Readonly<Record<string, string>>;
};

export const ocfRoot = '/usr/lib/ocf';

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `tools`: a folder of programs that the agent is to find before all others. */
export function ocfEnvironment(
  agent: { readonly provider: string; readonly type: string },
  operation: Operation,
  tools?: string,
) {
  const environment: Record<string, string> = {
    PATH: tools === undefined ? searchPath : `${tools}:${searchPath}`,
    ...(tools === undefined ? {} : { HA_SBIN_DIR: tools }),
    LC_ALL: 'C',
    OCF_ROOT: ocfRoot,
    OCF_RA_VERSION_MAJOR: '1',
    OCF_RA_VERSION_MINOR: '1',
    OCF_EXIT_REASON_PREFIX: 'ocf-exit-reason:',
    OCF_RESOURCE_INSTANCE: operation.resource,
    OCF_RESOURCE_TYPE: agent.type,
    OCF_RESOURCE_PROVIDER: agent.provider,
    OCF_RESKEY_crm_feature_set: '3.16.2',
    OCF_RESKEY_CRM_meta_timeout: String(operation.timeoutMs),
    HA_LOGFACILITY: 'daemon',
    HA_debug: '0',
  };
  if (operation.intervalMs > 0) environment.OCF_RESKEY_CRM_meta_interval = String(operation.intervalMs);
  for (const [name, value] of Object.entries(operation.meta)) {
    environment[`OCF_RESKEY_CRM_meta_${variableName(name)}`] = value;
  }
  for (const [name, value] of Object.entries(operation.parameters)) environment[`OCF_RESKEY_${name}`] = value;
  return environment;
}

/** The shell cannot name a variable with a dash or a dot in it. */
function variableName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}

/** Fence agents read `name=value` lines from standard input (fence agent API). */
export function fenceInput(action: string, parameters: Readonly<Record<string, string>>, target?: FenceTarget): string {
  const own = Object.entries(parameters).filter(([name]) => !name.startsWith('pcmk_') && name !== 'action');
  const lines = own.map(([name, value]) => `${name}=${value}`);
  if (target !== undefined) {
    lines.push(`nodename=${target.node}`);
    if (target.argument !== 'none' && !(target.argument in parameters)) lines.push(`${target.argument}=${target.plug}`);
  }
  return `${[...lines, `action=${action}`].join('\n')}\n`;
}

export type FenceTarget = {
  readonly node: string;
  /** The parameter that tells the device which node is meant: `plug` or `port` by the agent, or pcmk_host_argument. */
  readonly argument: string;
  readonly plug: string;
};
