// The keepalived.conf of each simulated router, read as any other: the simulator runs what administrators write.
import { defined } from '../../kit/index.ts';
import { parseConfiguration, textSurroundings, type VrrpConfiguration } from '../../vrrp/index.ts';
import type { Schedule } from './schedule.ts';

export const virtualRouter = 'VI_1';
export const trackedFile = 'load';

export function configurationOfRouter(schedule: Schedule, index: number): VrrpConfiguration {
  const { version, advertIntervalMs, preempt, preemptDelayMs, priorities } = schedule;
  const text = `
    track_file ${trackedFile} {
      file /run/load
    }
    vrrp_instance ${virtualRouter} {
      state BACKUP
      version ${version}
      interface eth0
      virtual_router_id 51
      priority ${priorities[index]}
      advert_int ${advertIntervalMs / 1000}
      ${preempt ? `preempt_delay ${preemptDelayMs / 1000}` : 'nopreempt'}
      track_file {
        ${trackedFile} weight 1
      }
      virtual_ipaddress {
        10.0.0.200/24
      }
    }`;
  const parsed = parseConfiguration('/simulated.conf', textSurroundings({ '/simulated.conf': text }));
  return defined(parsed, 'the simulated file exists').configuration;
}

/** The higher the index, the higher the address. */
export function addressOfRouter(index: number): Uint8Array {
  return new Uint8Array([10, 0, 0, index + 1]);
}
