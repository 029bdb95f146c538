/** Every page of the settings opens, changes what it says, and is accessible in both themes. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect, same, type Page, type Person, type Suite } from './harness';
import { channel, closeDialog, composer, createServer, message, nameMyself, say, serverMenu, settingsPage, shot } from './steps';

const axePath = createRequire(`${process.cwd()}/package.json`).resolve('axe-core/axe.min.js');

/** Returns what axe finds on what is on screen. */
async function accessible(page: Page, what: string): Promise<string[]> {
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity));
  // The content policy of the app would refuse a script element: axe goes through the debugger's own door.
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Runtime.evaluate', { expression: await readFile(axePath, 'utf8') });
  const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await cdp.detach();
  expect(exceptionDetails === undefined, `axe failed on ${what}: ${exceptionDetails?.text}`);
  const violations = JSON.parse(String(result.value)) as AxeResults['violations'];
  return violations.map((v) => `${what}: ${v.id} (${v.impact}): ${v.nodes.slice(0, 4).map((n) => `\n    ${n.target.join(' ')}: ${n.failureSummary?.replace(/\s+/gu, ' ').slice(0, 240)}`).join('')}`);
}

export default function settings({ world, step }: Suite): void {
  let ada: Person;
  let page: Page;
  const all: string[] = [];

  async function both(what: string): Promise<void> {
    for (const theme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForFunction((t) => document.documentElement.dataset['theme'] === t, theme);
      all.push(...(await accessible(page, `${what}, ${theme}`)));
      await shot(page, `${what.replaceAll(' ', '-')}-${theme}`);
    }
  }

  step('the first run is accessible', async () => {
    ada = await world.person();
    page = ada.page;
    await page.getByLabel('Display name').waitFor();
    await both('first run');
    await nameMyself(page, 'Ada');
    await both('welcome');
  });

  step('the chat is accessible', async () => {
    await createServer(page, 'Workshop');
    await say(page, 'Hello **world** with `code`', 'Hello world with code');
    await say(page, 'A second line');
    await message(page, 'A second line').hover();
    await both('chat');
  });

  step('menus, profile and emoji are accessible', async () => {
    await message(page, 'A second line').click({ button: 'right' });
    await page.getByRole('menu').waitFor();
    await both('message menu');
    await page.keyboard.press('Escape');
    await page.locator('[data-member]').first().click();
    await page.getByRole('dialog', { name: /Profile of/u }).waitFor();
    await both('profile');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Insert emoji' }).click();
    await page.getByRole('button', { name: 'grinning face', exact: true }).first().waitFor();
    await both('emoji');
    await page.keyboard.press('Escape');
  });

  step('dialogs are accessible', async () => {
    const dialogs: [string, () => Promise<void>][] = [
      ['add server', () => page.getByRole('button', { name: 'Add a server' }).click()],
      ['create channel', () => page.getByRole('button', { name: /^Create a channel in/u }).first().click()],
      ['invite', () => page.getByRole('button', { name: 'Invite people' }).first().click()],
      ['quick switcher', () => page.keyboard.press('Control+k')],
      ['keyboard', () => page.keyboard.press('Control+/')],
      ['readers', () => page.getByTestId('readers').click()],
    ];
    for (const [name, open] of dialogs) {
      await open();
      await page.locator('dialog[open]').waitFor();
      await page.locator('dialog [role=status]').waitFor({ state: 'detached' });
      await both(name);
      await closeDialog(page);
    }
  });

  step('server settings are accessible, and a new role gets its permissions', async () => {
    await serverMenu(page, 'Server settings');
    for (const name of ['Overview', 'Roles', 'Members', 'Invites', 'Bans', 'Safety', 'Audit log', 'Did not survive', 'Ownership', 'Finality']) {
      await settingsPage(page, name);
      await both(`server ${name.toLowerCase()}`);
    }
    await settingsPage(page, 'Roles');
    await page.getByTestId('role-create').click();
    await page.getByLabel('Role name').fill('Keeper');
    await page.getByRole('switch', { name: 'Ban members' }).check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('dialog').getByText('There are unsaved changes.').waitFor({ state: 'detached' });
    await closeDialog(page);
    const { servers } = await ada.api<{ servers: { id: string }[] }>('GET', '/servers');
    const server = await ada.api<{ roles: { name: string; permissions: string }[] }>('GET', `/servers/${servers[0]?.id}`);
    const keeper = server.roles.find((r) => r.name === 'Keeper');
    expect(keeper !== undefined && (BigInt(keeper.permissions) & 4n) === 4n, 'the role did not get BAN_MEMBERS');
  });

  step('channel settings are accessible, and an exception is kept', async () => {
    await channel(page, 'general').hover();
    await page.getByRole('button', { name: 'Settings of general' }).click();
    for (const name of ['Overview', 'Permissions', 'View as', 'Who can read']) {
      await settingsPage(page, name);
      await both(`channel ${name.toLowerCase()}`);
    }
    await settingsPage(page, 'Permissions');
    await page.getByRole('radiogroup', { name: 'Attach files' }).getByRole('radio', { name: 'Deny' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('dialog').getByText('There are unsaved changes.').waitFor({ state: 'detached' });
    same(await page.getByRole('radiogroup', { name: 'Attach files' }).getByRole('radio', { name: 'Deny' }).getAttribute('aria-checked'), 'true', 'the denied permission');
    await closeDialog(page);
  });

  step('user settings are accessible', async () => {
    await page.getByTestId('user-settings').click();
    for (const name of ['Profile', 'Appearance', 'Notifications', 'Language', 'Privacy', 'Network', 'Bots and tokens', 'About']) {
      await settingsPage(page, name);
      await page.locator('dialog .spinner').waitFor({ state: 'detached' });
      await both(`settings ${name.toLowerCase()}`);
    }
  });

  step('the language and the theme switch live', async () => {
    await settingsPage(page, 'Language');
    await page.getByText('Deutsch').click();
    await page.getByRole('button', { name: 'Darstellung' }).click();
    await page.getByText('Hell', { exact: true }).click();
    same(await page.locator('html').getAttribute('data-theme'), 'light', 'theme');
    await page.getByRole('button', { name: 'Sprache' }).click();
    await page.getByText('English').click();
    await settingsPage(page, 'Appearance');
    await page.getByText('Dark', { exact: true }).click();
    same(await page.locator('html').getAttribute('data-theme'), 'dark', 'theme');
    await page.getByText('System', { exact: true }).click();
    await closeDialog(page);
  });

  step('a narrow screen shows one pane at a time', async () => {
    await page.setViewportSize({ width: 390, height: 780 });
    await composer(page).waitFor();
    await both('narrow chat');
    await page.getByRole('button', { name: 'Back' }).click();
    await channel(page, 'general').waitFor();
    expect(!(await composer(page).isVisible()), 'two panes are visible at once');
    await both('narrow channels');
    await channel(page, 'general').click();
    await page.getByTestId('members-toggle').click();
    await both('narrow members');
    await page.setViewportSize({ width: 1360, height: 860 });
  });

  step('the app holds at a zoom of 200 %', async () => {
    await page.setViewportSize({ width: 680, height: 430 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(!wide, 'the page scrolls sideways');
    await page.setViewportSize({ width: 1360, height: 860 });
  });

  step('a reload comes back to the same channel with the draft', async () => {
    await channel(page, 'general').click();
    const kept = page.waitForResponse((r) => r.url().includes('/draft') && r.request().method() === 'PUT');
    await composer(page).fill('half a thought');
    await kept;
    await page.reload();
    await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>('#composer')?.value === 'half a thought');
    await message(page, 'A second line').waitFor();
  });

  step('axe found nothing on any of these views', async () => {
    expect(all.length === 0, all.join('\n'));
  });

  step('nothing went wrong in the browser', async () => {
    expect(ada.trouble.length === 0, ada.trouble.join('\n'));
  });
}
