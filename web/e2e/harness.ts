/** Starts real nodes, opens browsers on them, and watches for what must never happen. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

export type { Page } from 'playwright-core';

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 5_000;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// A page that the tests hand over themselves counts as coming from elsewhere, which the loopback would refuse to talk to.
if (process.env['E2E_DIST'] !== undefined) FLAGS.push('--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebSocket');

/** One person: a node process of its own, a browser context of its own. */
export interface Person {
  page: Page;
  context: BrowserContext;
  /** What went wrong in this browser so far: errors of scripts, violations of the content policy, dialogs. */
  trouble: string[];
  api<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Stops this person's node, and leaves the browser open. */
  stopNode(): Promise<void>;
  /** Starts a node on the same profile again, and opens its new address. */
  startNode(): Promise<void>;
}

export interface PersonOptions {
  width?: number;
  height?: number;
  theme?: 'dark' | 'light';
}

export class World {
  #children: ChildProcess[] = [];
  #dirs: string[] = [];
  #browser: Browser | null = null;
  #pages: Page[] = [];

  /** Starts a node on an empty profile and opens its one-time address. */
  async person(options: PersonOptions = {}): Promise<Person> {
    this.#browser ??= await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS });
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 1360, height: options.height ?? 860 },
      colorScheme: options.theme ?? 'dark',
      locale: 'en-GB',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const trouble: string[] = [];
    const page = await context.newPage();
    this.#pages.push(page);
    page.setDefaultTimeout(Number(process.env['E2E_TIMEOUT_MS'] ?? 20_000));
    await watch(page, trouble);
    if (process.env['E2E_DIST'] !== undefined) await serveFresh(page);
    const dir = await mkdtemp(join(tmpdir(), 'conclave-e2e-'));
    this.#dirs.push(dir);
    let child = this.#node(dir);
    await page.goto(await address(child));
    const startNode = async (): Promise<void> => {
      child = this.#node(dir);
      const next = await address(child);
      // From the same page only the part after the # would change, which opens nothing.
      await page.goto('about:blank');
      await page.goto(next);
      await until('the app is let in', () => callApi(page, 'GET', '/me').then(() => true, () => false));
    };
    return { page, context, trouble, api: (method, path, body) => callApi(page, method, path, body), stopNode: () => stop(child), startNode };
  }

  #node(dir: string): ChildProcess {
    const bin = process.env['CONCLAVE_BIN'];
    if (bin === undefined) throw new Error('CONCLAVE_BIN must name the conclave binary');
    const extra = (process.env['CONCLAVE_ARGS'] ?? '').split(' ').filter((a) => a !== '');
    const child = spawn(bin, ['--profile-dir', dir, '--no-open', ...extra], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    return child;
  }

  /** Keeps pictures of every browser, for finding out why a step failed. */
  async pictures(name: string): Promise<void> {
    for (const [index, page] of this.#pages.entries()) {
      await page.screenshot({ path: `e2e/shots/${name}-${index + 1}.png`, timeout: 5_000 }).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await Promise.all(this.#children.map(stop));
    await Promise.all(this.#dirs.map((dir) => rm(dir, { recursive: true, force: true })));
  }
}

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', woff2: 'font/woff2' };

/** With E2E_DIST the app comes from web/dist, under the node's own headers: a change needs no new binary. */
async function serveFresh(page: Page): Promise<void> {
  await page.route(/^http:\/\/127\.0\.0\.1:\d+\/(?!api\/|files\/)/u, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    const file = name === '' ? 'index.html' : name;
    const answer = await route.fetch();
    const type = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    await route.fulfill({ status: 200, headers: { ...answer.headers(), 'content-type': type }, body: await readFile(join('dist', file)) });
  });
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no address after ${START_MS_MAX} ms: ${output}`)), START_MS_MAX);
    child.once('exit', (code) => reject(new Error(`the node ended with ${code}: ${output}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const match = /^open: (http:\/\/127\.0\.0\.1:\d+\/#code=\S+)/mu.exec(output);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

async function watch(page: Page, trouble: string[]): Promise<void> {
  page.on('pageerror', (error) => trouble.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction('__report', (what: string) => trouble.push(what));
  await page.addInitScript(() => {
    const report = (globalThis as unknown as { __report: (what: string) => void }).__report;
    Object.defineProperty(globalThis, '__xss', { value: () => report('xss: executed'), writable: false });
    addEventListener('securitypolicyviolation', (event) => report(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
}

async function callApi<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await page.evaluate(
    async ([m, p, b]) => {
      const response = await fetch(`/api/v1${p}`, {
        method: m ?? 'GET',
        headers: { Authorization: `Bearer ${sessionStorage.getItem('conclave.token')}`, 'Content-Type': 'application/json' },
        ...(b === undefined ? {} : { body: b }),
      });
      return { status: response.status, text: await response.text() };
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)],
  );
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
}

/** Waits until the check holds; says what it waited for when it does not. */
export async function until(what: string, check: () => Promise<boolean>, msMax = 30_000): Promise<void> {
  const end = Date.now() + msMax;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`never happened within ${msMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Fails with the explanation unless the condition holds. */
export function expect(condition: boolean, explanation: string): asserts condition {
  if (!condition) throw new Error(explanation);
}

export function same<T>(actual: T, wanted: T, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: got ${a}, wanted ${b}`);
}

/** What a test file gets to register its steps, which run in their order in one world. */
export interface Suite {
  world: World;
  step(name: string, run: () => Promise<void>): void;
}
