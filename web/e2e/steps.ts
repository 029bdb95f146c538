/** What people do in the app, as the tests say it. */

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Page } from './harness';

/** Answers the only question of the first run. */
export async function nameMyself(page: Page, name: string): Promise<void> {
  await page.getByLabel('Display name').fill(name);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: new RegExp(`Hello .*${escape(name)}`, 'u') }).waitFor();
}

/** Makes a server on the welcome page and lands in its first channel. */
export async function createServer(page: Page, name: string): Promise<void> {
  await page.getByLabel('Server name').fill(name);
  await page.keyboard.press('Enter');
  await composer(page).waitFor();
}

export function composer(page: Page) {
  return page.locator('#composer');
}

/** Sends a message and waits until the node has stored it; `shown` is what its markup becomes. */
export async function say(page: Page, text: string, shown = text): Promise<void> {
  await composer(page).fill(text);
  await page.keyboard.press('Enter');
  await page.locator('article:not(.pending)').filter({ hasText: shown }).waitFor();
}

export function message(page: Page, text: string) {
  return page.locator('article').filter({ hasText: text });
}

/** Opens the invite dialog and reads its link. */
export async function inviteLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Invite people' }).first().click();
  const input = page.getByTestId('invite-link');
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[data-testid=invite-link]')?.value !== '');
  const link = await input.inputValue();
  await closeDialog(page);
  return link;
}

/** Joins through the welcome page with a link. */
export async function join(page: Page, link: string): Promise<void> {
  await page.locator('#welcome-link').fill(link);
  await page.keyboard.press('Enter');
  await page.getByTestId('invite-preview').waitFor();
  await page.getByTestId('join').click();
}

export async function closeDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
}

export function channel(page: Page, name: string) {
  return page.getByRole('navigation', { name: 'Channels' }).getByRole('button', { name: new RegExp(`hannel ${escape(name)}(,|$)`, 'u') });
}

/** Opens the menu of the server and chooses an entry. */
export async function serverMenu(page: Page, entry: string): Promise<void> {
  await page.getByTestId('server-menu').click();
  await page.getByRole('menuitem', { name: entry }).click();
}

/** Opens one page of settings that are open. */
export async function settingsPage(page: Page, name: string): Promise<void> {
  await page.locator('dialog nav').getByRole('button', { name, exact: true }).click();
  await page.locator('dialog h3').filter({ hasText: name }).waitFor();
}

const SHOTS = resolve('e2e/shots');

/** Keeps a picture of what is on screen. */
export async function shot(page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: resolve(SHOTS, `${name}.png`), animations: 'disabled' });
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}
