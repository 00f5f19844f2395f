// promote_secondaries: when the first address of a subnet goes, the kernel keeps the others instead of removing them too
// (ip-sysctl.rst). Set while the daemon runs, and put back as it was.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Logger } from '../../kit/index.ts';
import type { VrrpConfiguration } from '../../vrrp/index.ts';

/** Sets it on the interfaces of the instances that ask for it; the function returned restores them. */
export function promoteSecondaries({ instances }: VrrpConfiguration, logger: Logger): () => void {
  const wanted = instances.filter((instance) => instance.promoteSecondaries);
  const names = new Set(
    wanted.flatMap((instance) => [
      instance.interface,
      ...[...instance.virtualAddresses, ...instance.excludedAddresses].flatMap((address) => address.interface ?? []),
    ]),
  );
  const changed = [...names].filter((name) => exchange(name, { from: '0', to: '1' }, logger));
  return () => {
    for (const name of changed) exchange(name, { from: '1', to: '0' }, logger);
  };
}

/** True when the setting was `from` and is now `to`. */
function exchange(name: string, { from, to }: { readonly from: string; readonly to: string }, logger: Logger): boolean {
  const path = `/proc/sys/net/ipv4/conf/${name}/promote_secondaries`;
  try {
    if (readFileSync(path, 'latin1').trim() !== from) return false;
    writeFileSync(path, to);
    return true;
  } catch (error) {
    logger.warning(`promote_secondaries of ${name} cannot be set: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}
