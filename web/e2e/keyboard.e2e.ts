/** Everything that the keyboard promises, and what happens when the node goes away. */

import { expect, same, until, type Page, type Person, type Suite } from './harness';
import { channel, composer, createServer, message, nameMyself, say } from './steps';

export default function keyboard({ world, step }: Suite): void {
  let ada: Person;
  let page: Page;

  const current = () => page.getByRole('navigation', { name: 'Channels' }).locator('[aria-current=page]').innerText();

  step('there are three channels', async () => {
    ada = await world.person();
    page = ada.page;
    await nameMyself(page, 'Ada');
    await createServer(page, 'Workshop');
    const { servers } = await ada.api<{ servers: { id: string }[] }>('GET', '/servers');
    const server = await ada.api<{ channels: { id: string; kind: string }[] }>('GET', `/servers/${servers[0]?.id}`);
    const parent_id = server.channels.find((c) => c.kind === 'category')?.id;
    for (const name of ['bench', 'tools']) await ada.api('POST', `/servers/${servers[0]?.id}/channels`, { name, kind: 'text', parent_id });
    await channel(page, 'tools').waitFor();
  });

  step('Alt and arrows walk through the channels', async () => {
    same((await current()).trim(), 'general', 'the first channel');
    await page.keyboard.press('Alt+ArrowDown');
    await until('the second channel', async () => (await current()).trim() === 'bench');
    await page.keyboard.press('Alt+ArrowUp');
    await until('the first channel again', async () => (await current()).trim() === 'general');
  });

  step('Ctrl and K goes anywhere', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Where do you want to go?' }).fill('too');
    await page.keyboard.press('Enter');
    await until('the tools channel', async () => (await current()).trim() === 'tools');
    expect((await page.locator('dialog').count()) === 0, 'the switcher stayed open');
  });

  step('Shift and Enter starts a line, Enter sends', async () => {
    await composer(page).focus();
    await page.keyboard.type('first');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second');
    await page.keyboard.press('Enter');
    await message(page, 'first').filter({ hasText: 'second' }).waitFor();
    same(await composer(page).inputValue(), '', 'the composer after sending');
  });

  step('@ # and : complete, and a mention travels as an id', async () => {
    await composer(page).fill('');
    await page.keyboard.type('hello @Ad');
    await page.getByRole('option', { name: 'Ada' }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('in #ben');
    await page.getByRole('option', { name: 'bench' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type(':tada');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    same((await composer(page).inputValue()).trim(), 'hello @Ada in #bench 🎉', 'the completed text');
    await page.keyboard.press('Enter');
    const sent = message(page, 'hello');
    await sent.getByRole('button', { name: 'Profile of Ada' }).first().waitFor();
    await sent.getByRole('button', { name: 'Channel bench' }).click();
    await until('the mentioned channel', async () => (await current()).trim() === 'bench');
  });

  step('a slash begins a command, and only at the beginning', async () => {
    await composer(page).fill('');
    await page.keyboard.type('/shr');
    await page.getByRole('option', { name: '/shrug' }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('who knows');
    await page.keyboard.press('Enter');
    await message(page, 'who knows ¯\\_(ツ)_/¯').waitFor();
    await say(page, 'not /me');
    await message(page, 'not /me').waitFor();

    await composer(page).fill('/nick Captain');
    await page.keyboard.press('Enter');
    await message(page, 'who knows').getByText('Captain').waitFor();
    await composer(page).fill('/nick');
    await page.keyboard.press('Enter');
    await until('the name of before', async () => (await message(page, 'who knows').getByText('Captain').count()) === 0);

    await composer(page).fill('/ban nobody');
    await page.keyboard.press('Enter');
    await page.getByText('It goes like this: /ban @name reason').waitFor();
    same(await composer(page).inputValue(), '/ban nobody', 'a command that lacks something stays');
    await composer(page).fill('/invite');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    same(await composer(page).inputValue(), '', 'the composer after a command');
  });

  step('arrow up edits the last message, Escape gives up', async () => {
    await say(page, 'a speling mistake');
    await page.keyboard.press('ArrowUp');
    const editor = page.getByRole('textbox', { name: 'Edit' });
    await editor.fill('never mind');
    await page.keyboard.press('Escape');
    await message(page, 'a speling mistake').waitFor();
    await page.keyboard.press('ArrowUp');
    await editor.fill('a spelling mistake');
    await page.keyboard.press('Enter');
    await message(page, 'a spelling mistake').getByText('(edited)').waitFor();
  });

  step('messages are one tab stop, and arrows walk between them', async () => {
    await say(page, 'the last line');
    same(await page.locator('article[tabindex="0"]').count(), 1, 'tab stops among the messages');
    await page.locator('article[tabindex="0"]').focus();
    await page.keyboard.press('ArrowUp');
    const focused = await page.evaluate(() => document.activeElement?.textContent ?? '');
    expect(focused.includes('a spelling mistake'), `the focus is on: ${focused}`);
    same(await page.locator('article[tabindex="0"]').count(), 1, 'tab stops after walking');
  });

  step('a dialog keeps the focus and gives it back', async () => {
    const opener = page.getByTestId('user-settings');
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    for (let i = 0; i < 40; i += 1) {
      await page.keyboard.press('Tab');
      const outside = await page.evaluate(() => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null);
      expect(!outside, 'Tab left the dialog');
    }
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    same(await page.evaluate(() => document.activeElement?.getAttribute('data-testid')), 'user-settings', 'the focus afterwards');
  });

  step('a link shows its whole address before it opens', async () => {
    await say(page, 'see https://example.org/a/long/path?with=query');
    await page.getByRole('link', { name: /example\.org/u }).click();
    await page.getByRole('dialog', { name: 'Open this link?' }).getByText('example.org').first().waitFor();
    const open = page.getByRole('dialog').getByRole('link', { name: 'Open' });
    same(await open.getAttribute('rel'), 'noopener noreferrer', 'rel of the link');
    same(await open.getAttribute('href'), 'https://example.org/a/long/path?with=query', 'the address');
    await page.keyboard.press('Escape');
  });

  step('what is pinned is found by one button', async () => {
    await message(page, 'a spelling mistake').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Pin' }).click();
    await page.getByTestId('pins').click();
    const results = page.getByRole('region', { name: 'Results' });
    await results.getByText('a spelling mistake').waitFor();
    same(await results.locator('article, button').filter({ hasText: 'who knows' }).count(), 0, 'what is not pinned');
    await page.keyboard.press('Escape');
  });

  step('without the node nothing is lost: a bar says so, and the message waits to be tried again', async () => {
    expect(ada.trouble.length === 0, ada.trouble.join('\n'));
    await ada.stopNode();
    await page.getByText('The connection to the node on this machine is lost').waitFor();
    await composer(page).fill('into the void');
    await page.keyboard.press('Enter');
    const failed = message(page, 'into the void');
    await failed.getByText('Not sent.').waitFor();
    await failed.getByRole('button', { name: 'Try again' }).waitFor();
  });
}
