/** Two people, two nodes: from an empty disk to a moderated community. */

import { expect, until, type Person, type Suite } from './harness';
import { channel, composer, createServer, inviteLink, join, message, nameMyself, say, shot } from './steps';

export default function journey({ world, step }: Suite): void {
  let ada: Person;
  let ben: Person;
  let link: string;

  step('a name is the only question, and three inputs lead to the first message', async () => {
    ada = await world.person();
    await ada.page.getByLabel('Display name').waitFor();
    expect((await ada.page.locator('input, textarea, select').count()) === 1, 'the first run asks for more than a name');
    await shot(ada.page, 'first-run');
    await nameMyself(ada.page, 'Ada');
    await shot(ada.page, 'welcome');
    await createServer(ada.page, 'Workshop');
    await say(ada.page, 'The first message');
    await shot(ada.page, 'first-message');
  });

  step('a message that nobody else has says so', async () => {
    await ada.page.locator('[data-delivery=local]').waitFor();
    expect((await ada.page.locator('[data-testid=paused]').count()) === 1, 'the server does not say that it is paused');
  });

  step('an invite is a link that shows what it leads to before any network is used', async () => {
    link = await inviteLink(ada.page);
    expect(link.startsWith('conclave:') || link.includes('#'), `not an invite link: ${link}`);
    ben = await world.person();
    await nameMyself(ben.page, 'Ben');
    await ben.page.locator('#welcome-link').fill(link);
    await ben.page.keyboard.press('Enter');
    await ben.page.getByTestId('invite-preview').getByText('Workshop').waitFor();
    await shot(ben.page, 'join');
    await ben.page.keyboard.press('Escape');
  });

  step('the second person joins and reads what was written before', async () => {
    await join(ben.page, link);
    await composer(ben.page).waitFor({ timeout: 60_000 });
    await message(ben.page, 'The first message').waitFor({ timeout: 60_000 });
  });

  step('messages go both ways', async () => {
    await say(ben.page, 'Hello from Ben');
    await message(ada.page, 'Hello from Ben').waitFor();
    await say(ada.page, 'Hello from Ada');
    await message(ben.page, 'Hello from Ada').waitFor();
    await ada.page.locator('[data-delivery=with_peers], [data-delivery=on_hub], [data-delivery=accepted]').first().waitFor();
  });

  step('a reaction and an edit reach the other', async () => {
    const mine = message(ada.page, 'Hello from Ada');
    await mine.hover();
    await mine.getByRole('button', { name: 'React with 👍' }).click();
    await message(ben.page, 'Hello from Ada').getByRole('button', { name: '👍, 1 reaction' }).waitFor();
    await composer(ben.page).focus();
    await ben.page.keyboard.press('ArrowUp');
    await ben.page.getByRole('textbox', { name: 'Edit' }).fill('Hello again from Ben');
    await ben.page.keyboard.press('Enter');
    await message(ada.page, 'Hello again from Ben').getByText('(edited)').waitFor();
  });

  step('a private channel does not exist for those without the role', async () => {
    await ada.page.getByRole('button', { name: /^Create a channel in/u }).first().click();
    await ada.page.getByLabel('Channel name').fill('secrets');
    await ada.page.getByRole('switch', { name: 'Private' }).check();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Create channel' }).click();
    await channel(ada.page, 'secrets').waitFor();
    await say(ada.page, 'Nobody else reads this');
    await ada.page.getByRole('button', { name: /^Create a channel in/u }).first().click();
    await ada.page.getByLabel('Channel name').fill('open-bench');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Create channel' }).click();
    await channel(ben.page, 'open-bench').waitFor();
    expect((await channel(ben.page, 'secrets').count()) === 0, 'the private channel is visible');
    expect(!(await ben.page.content()).includes('Nobody else reads this'), 'the private message is in the page');
  });

  step('a banned person sees that they were removed, and writes no more', async () => {
    await ada.page.locator('[data-member]').filter({ hasText: 'Ben' }).click({ button: 'right' });
    await ada.page.getByRole('menuitem', { name: 'Ban Ben' }).click();
    await ada.page.getByLabel('Reason').fill('a test');
    await ada.page.getByTestId('moderate').click();
    await ben.page.getByTestId('removed').first().waitFor({ timeout: 30_000 });
    await shot(ben.page, 'removed');
    await until('Ben cannot write', async () => (await composer(ben.page).count()) === 0 || (await composer(ben.page).isDisabled()));
    await channel(ada.page, 'general').click();
    await say(ada.page, 'After the ban');
    expect((await message(ben.page, 'After the ban').count()) === 0, 'the banned person got a later message');
  });

  step('nothing went wrong in either browser', async () => {
    expect(ada.trouble.length + ben.trouble.length === 0, [...ada.trouble, ...ben.trouble].join('\n'));
  });
}
