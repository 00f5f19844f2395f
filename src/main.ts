// The program's only entry: guardian, agent's tool, command line, or in a worker thread a named role. Each loads its own room only.
import { isMainThread } from 'node:worker_threads';

// What `poolOfOne` says was read when this file was loaded, and is not for the agents and scripts that we start.
delete process.env.UV_THREADPOOL_SIZE;

if (isMainThread && process.argv[2] === 'guardian') {
  const { runGuardian } = await import('./guardian/driver/process.ts');
  runGuardian();
} else if (isMainThread && process.argv[2] === 'agent-tool') {
  const [{ ApiClient }, { runAgentTool }] = await Promise.all([
    import('./api/client.ts'),
    import('./cli/agent-tools/run.ts'),
  ]);
  process.exitCode = await runAgentTool(process.argv.slice(3), new ApiClient());
} else if (isMainThread) {
  const { runCommandLine } = await import('./cli/index.ts');
  await runCommandLine(process.argv.slice(2));
} else {
  const { runWorker } = await import('./daemon/workers.ts');
  await runWorker();
}
