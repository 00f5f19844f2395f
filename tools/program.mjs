// Runs a built main.ts, and answers a wrong command line in a sentence.
import { join } from 'node:path';

/** `program` without its ending, such as src/torture/main; the working directory is the checkout's. */
export async function runProgram(/** @type {string} */ program, built = join('build', `${program}.js`)) {
  try {
    await import(join(process.cwd(), built));
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS')))
      throw thrown;
    console.error(`${thrown.message.split('.')[0]}. The options stand at the top of ${program}.ts`);
    process.exit(64);
  }
}
