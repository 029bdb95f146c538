/** Who owns a server: named successors, a claim that the owner ends, one that succeeds, and a transfer back. */

import { expect, same, until, type Person, type Suite } from './harness';
import { closeDialog, createServer, inviteLink, join, nameMyself, serverMenu, settingsPage, shot } from './steps';

export default function ownership({ world, step }: Suite): void {
  let ada: Person;
  let ben: Person;

  async function owner(person: Person): Promise<string> {
    return (await person.page.getByTestId('owner').textContent())?.trim() ?? '';
  }

  async function openPage(person: Person, entry = 'Server settings'): Promise<void> {
    await serverMenu(person.page, entry);
    await settingsPage(person.page, 'Ownership');
    await person.page.getByTestId('owner').waitFor();
  }

  step('two people meet in a server', async () => {
    [ada, ben] = [await world.person(), await world.person()];
    await nameMyself(ada.page, 'Ada');
    await nameMyself(ben.page, 'Ben');
    await createServer(ada.page, 'Harbour');
    await join(ben.page, await inviteLink(ada.page));
    await ben.page.locator('#composer').waitFor();
    await ada.page.locator('[data-member]').filter({ hasText: 'Ben' }).first().waitFor();
  });

  step('the owner names a successor, and is told what the delay is worth', async () => {
    await openPage(ada);
    await ada.page.getByText('Nobody may take over.').waitFor();
    await ada.page.getByTestId('succession-edit').click();
    await ada.page.getByLabel('Add a successor').selectOption({ label: 'Ben' });
    await ada.page.getByText('This delay cannot be trusted').waitFor();
    await ada.page.getByLabel('Delay in days').fill('0');
    await ada.page.getByText('There is no delay').waitFor();
    await ada.page.getByTestId('recovery-make').click();
    const secret = await ada.page.getByTestId('recovery-secret').textContent();
    expect(/^cr1(-[0-9a-f]{8}){9}$/u.test(secret?.trim() ?? ''), `the secret: ${secret}`);
    await ada.page.getByTestId('succession-save').click();
    await ada.page.getByTestId('succession-edit').waitFor();
    await ada.page.getByText('1 key', { exact: true }).waitFor();
    await closeDialog(ada.page);
  });

  step('a claim reaches the owner, who ends it', async () => {
    // Whoever may change nothing still sees who owns the server.
    await openPage(ben, 'About this server');
    await ben.page.getByTestId('claim-make').click();
    await ben.page.getByTestId('claim').waitFor();
    await ada.page.getByTestId('claim-notice').click();
    await ada.page.getByText('Ben claims this server').waitFor();
    await ada.page.getByTestId('claim-veto').click();
    await ada.page.getByTestId('claim').waitFor({ state: 'detached' });
    await ben.page.getByTestId('claim').waitFor({ state: 'detached' });
    same(await owner(ben), 'Ada', 'the owner');
  });

  step('a claim that nobody ends makes the successor the owner', async () => {
    await ben.page.getByTestId('claim-make').click();
    await ben.page.getByTestId('claim-confirm').click();
    await until('Ben owns the server', async () => (await owner(ben)) === 'Ben');
    await until('Ada sees it', async () => (await owner(ada)) === 'Ben');
    await ada.page.getByTestId('transfer').waitFor({ state: 'detached' });
  });

  step('the new owner hands it back', async () => {
    await ben.page.getByLabel('New owner').selectOption({ label: 'Ada' });
    await ben.page.getByTestId('transfer').click();
    await ben.page.getByText('You cannot take it back').waitFor();
    await ben.page.getByTestId('confirm').click();
    await until('Ada owns the server', async () => (await owner(ada)) === 'Ada');
    await ada.page.getByTestId('transfer').waitFor();
  });

  step('a member founds a successor, and others follow with proof of its descent', async () => {
    await ben.page.getByLabel('Server name').fill('New harbour');
    await shot(ben.page, 'ownership-successors');
    await ben.page.getByTestId('fork').click();
    await ben.page.locator('#composer').waitFor();
    await ada.page.getByTestId('successor').filter({ hasText: 'New harbour' }).waitFor();
    await ada.page.getByText('It descends from this very log: checked.').waitFor();
    await shot(ada.page, 'ownership-successor');
    await ada.page.getByTestId('follow').click();
    await ada.page.locator('#composer').waitFor();
    await until('both are in the successor', async () => (await ben.page.locator('[data-member]').filter({ hasText: 'Ada' }).count()) === 1);
    await ada.page.locator('#composer').fill('here we go on');
    await ada.page.keyboard.press('Enter');
    await ben.page.locator('article').filter({ hasText: 'here we go on' }).waitFor();
    await openPage(ada, 'About this server');
    await ada.page.getByText('This server descends from Harbour.').waitFor();
    same(await owner(ada), 'Ben', 'the owner of the successor');
  });

  step('nothing went wrong in the browsers', async () => {
    expect(ada.trouble.length + ben.trouble.length === 0, [...ada.trouble, ...ben.trouble].join('\n'));
  });
}
