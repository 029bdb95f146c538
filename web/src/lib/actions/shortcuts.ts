/** The keyboard, wherever the focus is. */

import { servers as serversApi } from '../api/client';
import { dialogs } from '../state/dialogs.svelte';
import { floating } from '../state/menu.svelte';
import { attempt } from '../state/toasts.svelte';
import { view } from '../state/view.svelte';
import { markRead } from '../components/sidebar/channelMenu';

/** Every shortcut of the app as [keys, name of its explanation]; keys with names of their own are in the catalogue. */
export const SHORTCUTS = [
  [['Ctrl', 'K'], 'keys.switcher'],
  [['Ctrl', 'F'], 'keys.search'],
  [['Alt', '↑ ↓'], 'keys.channel'],
  [['Alt', 'Shift', '↑ ↓'], 'keys.unread'],
  [['Ctrl', 'Alt', '↑ ↓'], 'keys.server'],
  [['Esc'], 'keys.read'],
  [['Shift', 'Esc'], 'keys.readServer'],
  [['↑'], 'keys.editLast'],
  [['Enter'], 'keys.send'],
  [['Shift', 'Enter'], 'keys.newline'],
  [['@', '#', ':', '/'], 'keys.complete'],
  [['Ctrl', '/'], 'keys.help'],
] as const;

/** Handles a key press that nothing closer to the focus took. */
export function shortcuts(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const ctrl = event.ctrlKey || event.metaKey;
  if (ctrl && !event.altKey && withControl(event)) return;
  if (dialogs.busy) return;
  if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    const by = event.key === 'ArrowUp' ? -1 : 1;
    if (ctrl) view.stepServer(by);
    else view.step(by, event.shiftKey);
  } else if (event.key === 'Escape') {
    escape(event);
  }
}

function withControl(event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  if (key === 'k' || key === '/') {
    event.preventDefault();
    if (dialogs.busy) dialogs.closeAll();
    else dialogs.open({ kind: key === 'k' ? 'switcher' : 'keyboard' });
    return true;
  }
  if (key === 'f' && view.server !== null && !dialogs.busy) {
    event.preventDefault();
    view.searching = true;
    view.pane = 'side';
    return true;
  }
  return false;
}

function escape(event: KeyboardEvent): void {
  if (floating.current !== null) return floating.close();
  if (event.shiftKey && view.serverId !== null) {
    const id = view.serverId;
    void attempt(() => serversApi.read(id));
    return;
  }
  if (view.editing !== null) {
    view.editing = null;
  } else if (view.replyTo !== null) {
    view.replyTo = null;
  } else if (view.channel !== null && view.timeline !== null) {
    view.timeline.firstUnreadId = null;
    view.timeline.holdUnread = false;
    void view.timeline.jumpToPresent();
    void markRead(view.channel);
  }
}
