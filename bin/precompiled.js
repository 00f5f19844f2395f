// Runs a bundle with the code that V8 made of it when it was built (tools/build.mjs): to parse and to compile it anew took
// longer than to schedule a small cluster. V8 takes that code only for the same text, version and flags; otherwise the
// bundle is compiled as any other file is.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { constants, Script } = require('node:vm');

/**
 * What a function does before it is optimised, many times V8's own number: of a run over in a second, a quarter was spent
 * optimising what was hardly needed again (measured; a third of this number took a twentieth longer). The V8 of Node 20
 * counts bytes of bytecode, that of Node 22 and 24 calls; what a later one counts is not known yet.
 */
const optimiseLateBy = new Map([
  ['11', '--interrupt-budget=1000000'],
  ['12', '--invocation-count-for-turbofan=30000'],
  ['13', '--invocation-count-for-turbofan=30000'],
]);

/** And cheaply: only what is short, without the functions it calls (a twentieth of a run over in a second). */
const optimiseLittle = ['--max-optimized-bytecode-size=400', '--no-turbo-inlining'];

/** Has each function compiled to plain machine code as soon as it is warm: V8 collects many of them first, which took a twelfth. */
const compileAtOnce = '--no-baseline-batch-compilation';

/**
 * Has the collector mark in one go when it must, not in small steps beside the program's own: nobody waits for a simulation
 * in between, and the program watched what it wrote for as long as the steps took (a tenth of a run over in a second).
 */
const markAtOnce = '--no-incremental-marking';

const optimiseLate = optimiseLateBy.get(process.versions.v8.split('.')[0]);
const whenToOptimise = optimiseLate === undefined ? [] : [optimiseLate, ...optimiseLittle];

/** Names a file to which the compiled code goes when the process ends: with all functions that it needed. */
const keepIn = process.env.HAVEN_KEEP_COMPILED;

/** @param {string} file a CommonJS bundle; its compiled code is beside it, in FILE.compiled */
exports.runPrecompiled = function runPrecompiled(file) {
  for (const flag of [...whenToOptimise, compileAtOnce, markAtOnce]) setFlagsFromString(flag);
  const compiled = `${file}.compiled`;
  const script = new Script(`(function (require, module, exports) {${readFileSync(file, 'utf8')}\n})`, {
    filename: file,
    cachedData: keepIn === undefined && existsSync(compiled) ? readFileSync(compiled) : undefined,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (keepIn !== undefined) process.on('exit', () => writeFileSync(keepIn, script.createCachedData()));
  script.runInThisContext()(require, module, exports);
};
