// This node fails, for real and on purpose, because an administrator wants to see what the cluster does then.
import type { ClusterMessage } from '../../controller/index.ts';
import { unreachable } from '../../kit/index.ts';

type KillTest = Extract<ClusterMessage, { kind: 'kill-test' }>;

export function announcementOf({ node, how, by }: KillTest): string {
  return `kill test: ${node} fails on purpose (${how}), because ${by} wants to see it`;
}

export function failOnPurpose({ how, forMs }: KillTest, ring: { silence(forMs: number): void } | undefined): void {
  switch (how) {
    case 'daemon':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'freeze':
      // All threads stand still; the guardian ends the daemon as one that hangs.
      process.kill(process.pid, 'SIGSTOP');
      return;
    case 'silence':
      return ring?.silence(forMs);
    default:
      return unreachable(how);
  }
}
