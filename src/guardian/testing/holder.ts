// A daemon that holds an address and does nothing else, for this room's tests:
//   node holder.js INTERFACE ADDRESS PREFIX FRAME [RESTART-ARGV …]
// It prints `held GUARDIAN-PID` when the address is on and pledged, releases on SIGTERM, spins from SIGUSR2 on,
// sleeps from SIGHUP on, on SIGCONT sleeps until another thread that is busy for a while lets it go, which it says, and
// kills its guardian on SIGUSR1, just as its lease is over.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { loggerOf } from '../../kit/index.ts';
import { addAddress, bootMs, linkByName, openRouteSocket, orFail } from '../../linux/index.ts';
import { Guard } from '../driver/guard.ts';
import { emptyPledge } from '../protocol.ts';

const [interfaceName = '', address = '', prefix = '', frame = ''] = process.argv.slice(2);
const prefixLength = Number(prefix);
const logger = loggerOf((level, message) => process.stderr.write(`holder: ${level}: ${message}\n`));
// Of patience there is no end: a test that needs it would show nothing on a slow machine.
const guard = new Guard({ lookMs: 20, hungMs: 75, starvedMs: 3_600_000 }, logger);
await guard.start();
guard.pledge({
  ...emptyPledge,
  addresses: [{ interfaceName, address, prefixLength }],
  frames: [{ interfaceName, frame }],
});
const route = orFail(openRouteSocket());
const interfaceIndex = orFail(linkByName(route, interfaceName))?.index ?? 0;
orFail(addAddress(route, { interfaceIndex, address, prefixLength, flags: ['nodad'] }));
/** Never sleeps, and lets the main thread go half a second after that began to wait. */
const busyThread = `
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage('busy');
  while (Atomics.load(workerData, 0) === 0);
  const until = performance.now() + 500;
  while (performance.now() < until);
  Atomics.store(workerData, 0, 2);
  Atomics.notify(workerData, 0);
`;

process.once('SIGUSR2', () => {
  for (;;);
});
process.once('SIGUSR1', () => {
  if (guard.pid !== undefined) process.kill(guard.pid, 'SIGKILL');
  guard.lease(bootMs() - 500, bootMs() - 1);
});
process.once('SIGHUP', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
process.once('SIGCONT', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(busyThread, { eval: true, workerData: shared });
  await once(worker, 'message');
  Atomics.store(shared, 0, 1);
  Atomics.wait(shared, 0, 1);
  process.stderr.write('holder: was let go\n');
});
process.once('SIGTERM', async () => {
  await guard.release();
  process.exit(0);
});
process.stdout.write(`held ${guard.pid}\n`);
