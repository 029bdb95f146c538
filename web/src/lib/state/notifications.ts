/** Notifications of the system; they never show more than the person allowed. */

import type { Message } from '../api/types';
import { t } from '../i18n/index.svelte';
import { safeName } from '../model/names';
import { prefs } from './prefs.svelte';
import { servers } from './servers.svelte';
import { view } from './view.svelte';

const BODY_MAX = 140;

/** Asks the browser for permission; returns whether notifications will be shown. */
export async function askForNotifications(): Promise<boolean> {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

/** Shows a notification when the message deserves one. */
export function notify(message: Message): void {
  if (!deserves(message)) return;
  const { preview } = prefs.value;
  const channel = servers.channel(message.channel_id);
  const where = channel === null ? '' : ` · #${safeName(channel.name)}`;
  const title = preview === 'none' ? t('notify.anonymous') : safeName(message.author_name) + where;
  const body = preview === 'full' ? message.content.slice(0, BODY_MAX) : '';
  const shown = new Notification(title, { body, tag: message.channel_id });
  shown.onclick = () => {
    window.focus();
    void view.openMessage(message);
    shown.close();
  };
}

function deserves(message: Message): boolean {
  if (!prefs.value.notify || !('Notification' in window) || Notification.permission !== 'granted') return false;
  const server = servers.summaries.get(message.server_id);
  if (server === undefined || message.author_id === server.me_member_id || message.kind === 'system') return false;
  const channel = servers.channel(message.channel_id);
  if (channel !== null && (channel.level === 'none' || (!message.mentions.me && (channel.muted || channel.level === 'mentions')))) return false;
  return !(document.hasFocus() && view.channelId === message.channel_id);
}
