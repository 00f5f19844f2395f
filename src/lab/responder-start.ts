// Starting the responder in a host, for as long as the host is up.
import { programPath } from '../linux/index.ts';
import type { Host } from './host.ts';
import { responderReadyFile } from './prober/options.ts';
import { shellWord } from './processes.ts';

/** Returns when it listens. @throws CommandFailure `failed`, with what it said. */
export async function startResponder(host: Host): Promise<void> {
  const program = [process.execPath, programPath(), 'lab', 'responder'].map(shellWord).join(' ');
  const log = '/run/haven-lab-responder.log';
  await host.shell(`
    rm -f ${responderReadyFile}
    unset NODE_EXTRA_CA_CERTS
    setsid ${program} </dev/null >${log} 2>&1 &
    while ! [ -e ${responderReadyFile} ]; do
      kill -0 $! 2>/dev/null || { cat ${log} >&2; exit 1; }
      sleep 0.01
    done`);
}
