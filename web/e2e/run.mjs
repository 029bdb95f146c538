// Runs the browser tests against the binary that CONCLAVE_BIN names; words on the command line choose files.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));

async function load(file) {
  const { module } = await runnerImport(here + file, { configFile: false, logLevel: 'error' });
  return module;
}

const chosen = process.argv.slice(2);
const files = readdirSync(here).filter((f) => f.endsWith('.e2e.ts') && (chosen.length === 0 || chosen.some((c) => f.includes(c))));
const { World } = await load('harness.ts');
let passed = 0;
let failed = 0;

for (const file of files) {
  const { default: suite } = await load(file);
  const world = new World();
  const steps = [];
  suite({ world, step: (name, run) => steps.push({ name, run }) });
  console.log(file);
  let broken = false;
  for (const { name, run } of steps) {
    if (broken) {
      failed += 1;
      console.log(`  not run: ${name}`);
      continue;
    }
    const start = Date.now();
    try {
      await run();
      passed += 1;
      console.log(`  ok (${Date.now() - start} ms): ${name}`);
    } catch (error) {
      failed += 1;
      // Later steps build on earlier ones, except where a suite says that they may go on.
      broken = process.env.E2E_KEEP_GOING === undefined;
      await world.pictures(`failed-${file.split('.')[0]}-${failed}`);
      console.log(`  FAILED (${Date.now() - start} ms): ${name}\n${error instanceof Error ? error.stack : error}`);
    }
  }
  await world.close();
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
