/** The English catalogue. */

import { app } from './app';
import { chat } from './chat';
import { moderation } from './moderation';
import { people } from './people';
import { places } from './places';
import { settings } from './settings';
import { permissions } from './permissions';

export const en = { ...app, ...chat, ...people, ...places, ...settings, ...permissions, ...moderation };

/** Every key of the catalogue. */
export type Key = keyof typeof en;
