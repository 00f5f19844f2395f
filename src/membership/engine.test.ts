// The pure members on virtual time keep the engine's promises.
import { engineContract } from './testing/engine.contract.ts';
import { VirtualCluster, type VirtualEngine } from './testing/virtual-cluster.ts';

engineContract('virtual time', async () => {
  const cluster = new VirtualCluster(3);
  return {
    engines: cluster.engines,
    until: (what, condition) => cluster.until(what, condition),
    crash: async (engine) => (engine as VirtualEngine).crash(),
    close: async () => {},
  };
});
