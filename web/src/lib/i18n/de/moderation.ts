/** Werkzeuge der Moderation: Filter des Protokolls, was nicht überdauert hat. */

import type { moderation as source } from '../en/moderation';
import type { Text } from '../format';

export const moderation: Record<keyof typeof source, Text> = {
  'server.page.lost': 'Nicht überdauert',
  'audit.any': 'Beliebig',
  'audit.filter.action': 'Was',
  'audit.filter.actor': 'Von wem',
  'audit.filter.target': 'Worüber',
  'audit.filter.span': 'Wann',
  'audit.filter.counts': 'Wirkung',
  'audit.span.any': 'Jemals',
  'audit.span.1': 'Letzte 24 Stunden',
  'audit.span.7': 'Letzte 7 Tage',
  'audit.span.30': 'Letzte 30 Tage',
  'audit.span.365': 'Letztes Jahr',
  'audit.counts.any': 'Alles',
  'audit.counts.true': 'Gilt',
  'audit.counts.false': 'Gilt nicht',
  'audit.overruled': 'Gilt nicht: {name} {what} {target}, zur selben Zeit und mit mehr Befugnis ({when}).',
  'audit.newer': 'Aus einer neueren Version: Dieses Programm weiß nicht, was es bewirkt.',
  'audit.lookFurther': 'Weiter zurück suchen',
  'audit.forever': 'Das Protokoll ist das eigene Logbuch des Servers. Es verfällt nie, und niemand kann eine Zeile daraus entfernen.',
  'audit.unknown': 'hat etwas getan, das diese Version nicht kennt',
  'lost.lead': 'Zwei Menschen können zur selben Zeit entscheiden, ohne voneinander zu wissen. Widersprechen sich ihre Entscheidungen, gilt die mit mehr Befugnis. Was nicht gehalten hat, steht hier.',
  'lost.none': 'Alles, was getan wurde, hat gehalten.',
  'lost.own': 'Von dir',
  'lost.counted': 'Es galt auf diesem Gerät bis {when}',
  'lost.never': 'Es galt auf diesem Gerät nie',
  'lost.banner': { one: '{n} Sache, die du hier getan hast, hat eine Zusammenführung nicht überdauert.', other: '{n} Dinge, die du hier getan hast, haben eine Zusammenführung nicht überdauert.' },
  'lost.toast': 'Etwas, das du in {name} getan hast, hat eine Zusammenführung nicht überdauert.',
  'lost.see': 'Ansehen, was und warum',
};
