/** The English catalogue. */

import { app } from './app';
import { chat } from './chat';
import { ownership } from './ownership';
import { moderation } from './moderation';
import { people } from './people';
import { places } from './places';
import { settings } from './settings';
import { permissions } from './permissions';

export const en = { ...app, ...chat, ...ownership, ...people, ...places, ...settings, ...permissions, ...moderation };

/** Every key of the catalogue. */
export type Key = keyof typeof en;
