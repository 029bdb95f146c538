/** The German catalogue. */

import type { Key } from '../en';
import type { Text } from '../format';
import { app } from './app';
import { chat } from './chat';
import { ownership } from './ownership';
import { moderation } from './moderation';
import { people } from './people';
import { places } from './places';
import { settings } from './settings';
import { permissions } from './permissions';

export const de: Record<Key, Text> = { ...app, ...chat, ...ownership, ...people, ...places, ...settings, ...permissions, ...moderation };
