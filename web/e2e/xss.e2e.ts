/** Whatever people write, in whatever place: it stays text. */

import { expect, until, type Person, type Suite } from './harness';
import { createServer, message, nameMyself } from './steps';
import { PAYLOADS } from './payloads';

const NAMES_MAX = 40;

export default function xss({ world, step }: Suite): void {
  let ada: Person;
  let serverId: string;
  let channelId: string;

  step('there is something to attack, and the alarm rings', async () => {
    ada = await world.person();
    await nameMyself(ada.page, 'Ada');
    await createServer(ada.page, 'Workshop');
    const { servers } = await ada.api<{ servers: { id: string }[] }>('GET', '/servers');
    serverId = servers[0]?.id ?? '';
    const server = await ada.api<{ channels: { id: string; kind: string }[] }>('GET', `/servers/${serverId}`);
    channelId = server.channels.find((c) => c.kind === 'text')?.id ?? '';
    expect(PAYLOADS.length >= 200, `only ${PAYLOADS.length} payloads`);
    await ada.page.evaluate(() => (globalThis as unknown as { __xss: () => void }).__xss());
    expect(ada.trouble.splice(0).join() === 'xss: executed', 'the alarm does not work');
  });

  step(`${PAYLOADS.length} payloads as messages`, async () => {
    for (const [index, content] of PAYLOADS.entries()) {
      await ada.api('POST', `/channels/${channelId}/messages`, { content, nonce: `xss-${index}` });
    }
    await ada.api('POST', `/channels/${channelId}/messages`, { content: 'the last one', nonce: 'xss-end' });
    await message(ada.page, 'the last one').waitFor();
    // Scroll through all of them, so that every one is drawn.
    await ada.page.reload();
    await message(ada.page, 'the last one').waitFor();
    let seen = new Set<string>();
    await until('every message was drawn', async () => {
      const ids = await ada.page.evaluate(() => {
        const shown = [...document.querySelectorAll('[data-message]')].map((a) => a.getAttribute('data-message') ?? '');
        document.querySelector('[role=log] .list')?.scrollBy(0, -500);
        return shown;
      });
      seen = new Set([...seen, ...ids]);
      return seen.size >= PAYLOADS.length;
    }, 90_000);
    await quiet();
  });

  step('links that run something are not links', async () => {
    const bad = await ada.page.evaluate(() => [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href') ?? '').filter((h) => /^\s*(javascript|data|vbscript|file|blob):/iu.test(h)));
    expect(bad.length === 0, `links: ${bad.join()}`);
  });

  step('payloads as display names', async () => {
    for (const payload of PAYLOADS.slice(0, NAMES_MAX)) {
      await ada.api('PUT', '/me', { display_name: payload.slice(0, 30) }).catch(refusedIsFine);
    }
    await ada.page.locator('[data-member]').first().click();
    await ada.page.getByRole('dialog', { name: /Profile of/u }).waitFor();
    await quiet();
    await ada.page.keyboard.press('Escape');
  });

  step('payloads as names and topics of channels, roles and the server', async () => {
    for (const payload of PAYLOADS.slice(0, NAMES_MAX)) {
      await ada.api('POST', `/servers/${serverId}/channels`, { name: payload.slice(0, 90), kind: 'text', topic: payload }).catch(refusedIsFine);
      await ada.api('POST', `/servers/${serverId}/roles`, { name: payload.slice(0, 90) }).catch(refusedIsFine);
    }
    await ada.api('PATCH', `/servers/${serverId}`, { name: PAYLOADS[0], description: PAYLOADS[1] }).catch(refusedIsFine);
    await ada.page.reload();
    await ada.page.getByTestId('server-menu').waitFor();
    for (const button of (await ada.page.getByRole('navigation', { name: 'Channels' }).locator('.open').all()).slice(0, NAMES_MAX)) {
      await button.click({ timeout: 5_000 });
    }
    await ada.page.keyboard.press('Control+k');
    await ada.page.locator('dialog[open]').waitFor();
    await ada.page.keyboard.press('Escape');
    await quiet();
  });

  step('payloads as file names', async () => {
    for (const [index, payload] of PAYLOADS.slice(0, NAMES_MAX).entries()) {
      const id = await ada.page.evaluate(
        async ([channel, name]) => {
          const response = await fetch(`/api/v1/channels/${channel}/attachments`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${sessionStorage.getItem('conclave.token')}`, 'Content-Type': 'text/html', 'X-Filename': encodeURIComponent(name ?? '') },
            body: '<script>parent.__xss()</script>',
          });
          return response.ok ? ((await response.json()) as { id: string }).id : null;
        },
        [channelId, payload.slice(0, 100)],
      );
      if (id !== null) await ada.api('POST', `/channels/${channelId}/messages`, { content: `file ${index}`, attachments: [id], nonce: `file-${index}` });
    }
    await ada.page.goto(`${new URL(ada.page.url()).origin}/#/${serverId}/${channelId}`);
    await message(ada.page, `file ${NAMES_MAX - 1}`).last().waitFor();
    await quiet();
  });

  /** Lets everything that was set off run, then asks whether any of it did anything. */
  async function quiet(): Promise<void> {
    await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50)))));
    expect(ada.trouble.length === 0, ada.trouble.slice(0, 10).join('\n'));
  }
}

/** The node may refuse a name; what it takes must be harmless. */
function refusedIsFine(error: unknown): void {
  if (!/: 4\d\d /u.test(String(error))) throw error;
}
