/** Moderators' pages: the audit log, "why?", lockdown, many bans at once, prune, and what does not survive a merge. */

import { expect, same, until, type Person, type Suite } from './harness';
import { channel, closeDialog, createServer, inviteLink, join, nameMyself, say, serverMenu, settingsPage, shot } from './steps';

/** MANAGE_GUILD, BAN_MEMBERS, KICK_MEMBERS, MODERATE_MEMBERS, VIEW_AUDIT_LOG, MANAGE_ROLES, CREATE_INSTANT_INVITE. */
const MODERATOR = (1n << 5n) | (1n << 2n) | (1n << 1n) | (1n << 40n) | (1n << 7n) | (1n << 28n) | 1n;

interface Detail {
  id: string;
  joins_paused: boolean;
  checkpoint: { epoch: number } | null;
  my_roles: string[];
  channels: { id: string; name: string }[];
}

export default function moderation({ world, step }: Suite): void {
  const people = new Map<string, Person>();
  let server = '';

  const who = (name: string): Person => {
    const person = people.get(name);
    if (person === undefined) throw new Error(`${name} is not there`);
    return person;
  };
  const detail = (person: Person): Promise<Detail> => person.api<Detail>('GET', `/servers/${server}`);
  const idOf = async (name: string): Promise<string> => (await who(name).api<{ identity_id: string }>('GET', '/me')).identity_id;
  const row = (person: Person, name: string) => person.page.locator('[data-member]').filter({ hasText: name });

  async function enter(name: string, link: string): Promise<void> {
    const person = await world.person();
    people.set(name, person);
    await nameMyself(person.page, name);
    await join(person.page, link);
  }

  step('a server with a moderator and members', async () => {
    const ada = await world.person();
    people.set('Ada', ada);
    await nameMyself(ada.page, 'Ada');
    await createServer(ada.page, 'Lighthouse');
    const link = await inviteLink(ada.page);
    for (const name of ['Ben', 'Cleo', 'Dan']) {
      await enter(name, link);
      await who(name).page.locator('#composer').waitFor();
      await row(ada, name).first().waitFor();
    }
    server = (await ada.api<{ servers: { id: string }[] }>('GET', '/servers')).servers[0]?.id ?? '';
    const role = await ada.api<{ id: string }>('POST', `/servers/${server}/roles`, { name: 'Keeper', color: 0xe6_9b3a, permissions: String(MODERATOR), hoist: true });
    await ada.api('PUT', `/servers/${server}/members/${await idOf('Ben')}/roles/${role.id}`, {});
    await until('Ben holds the role', async () => (await detail(who('Ben'))).my_roles.includes(role.id));
  });

  step('the audit log shows who did what, and filters', async () => {
    const { page } = who('Ada');
    await serverMenu(page, 'Server settings');
    await settingsPage(page, 'Audit log');
    await page.getByTestId('audit-role_grant').waitFor();
    await shot(page, 'moderation-audit');
    await page.getByTestId('audit-actor').selectOption({ label: 'Cleo' });
    await page.getByText('Nothing was done yet.').waitFor();
    await page.getByTestId('audit-actor').selectOption({ label: 'Ada' });
    await page.getByTestId('audit-action').selectOption('role_grant');
    await page.getByTestId('audit-role_create').waitFor({ state: 'detached' });
    await until('her one grant is listed', async () => (await page.getByTestId('audit-role_grant').count()) === 1);
    await closeDialog(page);
  });

  step('a member seen as they are, permission by permission, each with its chain', async () => {
    const { page } = who('Ada');
    const general = (await detail(who('Ada'))).channels.find((c) => c.name === 'general');
    await channel(page, 'general').hover();
    await page.getByRole('button', { name: 'Settings of general' }).click();
    await settingsPage(page, 'View as');
    await page.getByTestId('view-as').selectOption({ label: 'Cleo' });
    await page.getByRole('button', { name: 'Why: Manage messages' }).waitFor();
    await shot(page, 'moderation-view-as');
    await page.getByRole('button', { name: 'Why: Manage messages' }).click();
    await page.getByTestId('why-verdict').filter({ hasText: 'may not' }).waitFor();
    await shot(page, 'moderation-why-not');
    await page.keyboard.press('Escape');
    await page.getByTestId('why-verdict').waitFor({ state: 'detached' });
    await closeDialog(page);
    expect(general !== undefined, 'there is no channel');
  });

  step('what a moderator may not do says why, and what they may do is done', async () => {
    const { page } = who('Ben');
    await row(who('Ben'), 'Ada').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: /Ban .*Ada/u }).click();
    await page.getByTestId('why-verdict').filter({ hasText: 'may not' }).waitFor();
    await shot(page, 'moderation-why-barred');
    await closeDialog(page);
    await row(who('Ben'), 'Dan').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: /Time out .*Dan|Timeout .*Dan/u }).click();
    await page.locator('dialog').waitFor();
    await shot(page, 'moderation-timeout');
    await closeDialog(page);
  });

  step('a member reports a message, and the moderators alone see it', async () => {
    const [ben, cleo] = [who('Ben').page, who('Cleo').page];
    await say(who('Dan').page, 'LASER POINTERS half price');
    await ben.locator('article').filter({ hasText: 'LASER POINTERS' }).waitFor();
    await cleo.locator('article').filter({ hasText: 'LASER POINTERS' }).click({ button: 'right' });
    await cleo.getByRole('menuitem', { name: 'Report this message' }).click();
    await cleo.getByLabel('What is wrong?').fill('He sells things in every channel.');
    await shot(cleo, 'moderation-report');
    await cleo.getByTestId('report').click();
    await cleo.getByText('Sealed to 2 devices of the moderators.').waitFor();
    await ben.getByTestId('reports-banner').getByRole('button').click();
    await ben.getByTestId('report-entry').filter({ hasText: 'He sells things in every channel.' }).waitFor();
    await ben.getByText('the same as in your own copy').waitFor();
    await shot(ben, 'moderation-reports');
    await ben.getByTestId('report-dismiss').click();
    await ben.getByText('Nothing waits for you.').waitFor();
    await closeDialog(ben);
    await who('Ada').page.getByTestId('reports-banner').waitFor();
    same(await who('Dan').page.getByTestId('reports-banner').count(), 0, 'banners of the one who was reported');
  });

  step('a lockdown stops joins until it is lifted', async () => {
    const { page } = who('Ben');
    const link = await inviteLink(who('Ada').page);
    await serverMenu(page, 'Server settings');
    await settingsPage(page, 'Safety');
    await page.getByTestId('lockdown').click();
    await page.getByText('Let people join again').waitFor();
    await shot(page, 'moderation-safety');
    await until('Ada knows of it', async () => (await detail(who('Ada'))).joins_paused);
    await enter('Eve', link);
    await who('Ada').page.getByText('Joins and invites are paused.').waitFor();
    await shot(who('Ada').page, 'moderation-lockdown');
    same(await row(who('Ada'), 'Eve').count(), 0, 'Eve among the members');
    const eve = who('Eve').page;
    await eve.getByTestId('removed').filter({ hasText: 'Lighthouse did not let you in.' }).waitFor();
    await shot(eve, 'moderation-shut-out');
    await eve.getByTestId('removed').getByRole('button').click();
    await page.getByTestId('lockdown').click();
    await page.getByText('Pause joins and invites').waitFor();
    await join(eve, link);
    await eve.locator('#composer').waitFor();
    await row(who('Ada'), 'Eve').first().waitFor();
  });

  step('many are banned at once, with a reason that the log keeps', async () => {
    const { page } = who('Ben');
    await page.getByLabel('Reason').fill('a raid');
    await page.getByRole('checkbox', { name: 'Cleo' }).check();
    await page.getByRole('checkbox', { name: 'Dan' }).check();
    await page.getByTestId('ban-many').click();
    await page.getByTestId('confirm').click();
    await page.getByText('2 members are banned.').waitFor();
    await until('Ada sees both gone', async () => (await row(who('Ada'), 'Cleo').count()) + (await row(who('Ada'), 'Dan').count()) === 0);
    await settingsPage(page, 'Audit log');
    await page.getByTestId('audit-member_ban').first().waitFor();
    same(await page.getByTestId('audit-member_ban').filter({ hasText: 'a raid' }).count(), 2, 'bans with their reason');
    await settingsPage(page, 'Safety');
    await page.getByTestId('prune-count').waitFor();
    await closeDialog(page);
  });

  step('the owner makes the past final, and everybody sees it', async () => {
    const [ada, ben] = [who('Ada').page, who('Ben').page];
    await serverMenu(ada, 'Server settings');
    await settingsPage(ada, 'Finality');
    await shot(ada, 'moderation-finality-none');
    await ada.getByRole('button', { name: 'Make a checkpoint now' }).click();
    await until('the checkpoint counts', async () => (await detail(who('Ada'))).checkpoint?.epoch === 1);
    await ada.getByText('Events that are not final yet: 0').waitFor();
    await shot(ada, 'moderation-finality');
    await closeDialog(ada);
    await until('Ben has it', async () => (await detail(who('Ben'))).checkpoint?.epoch === 1);
    await serverMenu(ben, 'Server settings');
    await settingsPage(ben, 'Finality');
    same(await ben.getByRole('button', { name: 'Make a checkpoint now' }).count(), 0, 'the button of a notary with Ben');
    await closeDialog(ben);
  });

  step('what did not survive a merge is told to whoever did it', async () => {
    const [ada, ben] = [who('Ada'), who('Ben')];
    const [benId, eveId] = [await idOf('Ben'), await idOf('Eve')];
    await who('Eve').stopNode();
    await ada.stopNode();
    await ben.api('PUT', `/servers/${server}/bans/${eveId}`, { reason: 'on my own' });
    await ben.stopNode();
    await ada.startNode();
    const role = (await ada.api<{ roles: { id: string; name: string }[] }>('GET', `/servers/${server}`)).roles.find((r) => r.name === 'Keeper');
    await ada.api('DELETE', `/servers/${server}/members/${benId}/roles/${role?.id}`);
    await ben.startNode();
    await ben.page.getByText('did not survive a merge').first().waitFor();
    await shot(ben.page, 'moderation-lost-banner');
    await ben.page.getByText('See what and why').first().click();
    await ben.page.getByTestId('lost').getByTestId('audit-member_ban').filter({ hasText: 'on my own' }).waitFor();
    await shot(ben.page, 'moderation-lost');
    await closeDialog(ben.page);
    await who('Eve').startNode();
    await who('Eve').page.locator('#composer').waitFor();
  });

  step('nothing went wrong in the browsers', async () => {
    const trouble = [...people].flatMap(([name, person]) => person.trouble.map((what) => `${name}: ${what}`));
    expect(trouble.length === 0, trouble.join('\n'));
  });
}
