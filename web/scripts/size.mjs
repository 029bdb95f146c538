// Fails when the app's JavaScript outgrows its budget; data that is fetched on demand is not counted.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 150_000;
const ON_DEMAND = /^(compact|github|data)-/;
const dir = new URL('../dist/assets/', import.meta.url);
let total = 0;
for (const name of readdirSync(dir).filter((n) => n.endsWith('.js') && !ON_DEMAND.test(n))) {
  const bytes = gzipSync(readFileSync(new URL(name, dir))).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  JavaScript, gzipped (budget ${BUDGET_BYTES})`);
if (total > BUDGET_BYTES) process.exitCode = 1;
