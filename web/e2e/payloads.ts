/** Ways in which text has become code elsewhere. */

const CALL = '__xss(1)';

const MARKUP = [
  `<script>${CALL}</script>`,
  `<ScRiPt>${CALL}</sCrIpT>`,
  `<script src="data:text/javascript,${CALL}"></script>`,
  `<img src=x onerror=${CALL}>`,
  `<img src=x onerror="${CALL}"/>`,
  `<img/src=x/onerror=${CALL}>`,
  `<svg onload=${CALL}>`,
  `<svg><script>${CALL}</script></svg>`,
  `<svg><animate onbegin=${CALL} attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${CALL}"><text y=9>x</text></a></svg>`,
  `<body onload=${CALL}>`,
  `<iframe src="javascript:${CALL}"></iframe>`,
  `<iframe srcdoc="<script>parent.${CALL}</script>"></iframe>`,
  `<object data="javascript:${CALL}"></object>`,
  `<embed src="javascript:${CALL}">`,
  `<a href="javascript:${CALL}">x</a>`,
  `<form action="javascript:${CALL}"><button>x</button></form>`,
  `<button formaction="javascript:${CALL}">x</button>`,
  `<input autofocus onfocus=${CALL}>`,
  `<select autofocus onfocus=${CALL}>`,
  `<textarea autofocus onfocus=${CALL}>`,
  `<details open ontoggle=${CALL}>`,
  `<video><source onerror=${CALL}></video>`,
  `<audio src=x onerror=${CALL}>`,
  `<marquee onstart=${CALL}>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${CALL}>`,
  `<style>@import 'javascript:${CALL}';</style>`,
  `<link rel=stylesheet href="javascript:${CALL}">`,
  `<meta http-equiv=refresh content="0;url=javascript:${CALL}">`,
  `<base href="javascript:${CALL}//">`,
  `<template><script>${CALL}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${CALL}>">`,
  `<!--><img src=x onerror=${CALL}>-->`,
  `<![CDATA[<img src=x onerror=${CALL}>]]>`,
  `<xss style="animation-name:x" onanimationstart=${CALL}>`,
  `<div style="background:url(javascript:${CALL})">`,
  `<p onpointerenter=${CALL}>hover</p>`,
] as const;

const MARKDOWN = [
  `[x](javascript:${CALL})`,
  `[x](JaVaScRiPt:${CALL})`,
  `[x](java\tscript:${CALL})`,
  `[x](javascript&colon;${CALL})`,
  `[x](\u0001javascript:${CALL})`,
  `[x](data:text/html,<script>${CALL}</script>)`,
  `[x](vbscript:${CALL})`,
  `[x](https://example.org "onmouseover=${CALL}")`,
  `![x](x"onerror="${CALL})`,
  `<javascript:${CALL}>`,
  `javascript:${CALL}`,
  `[<img src=x onerror=${CALL}>](https://example.org)`,
  `\`<img src=x onerror=${CALL}>\``,
  `\`\`\`html"><img src=x onerror=${CALL}>\n<script>${CALL}</script>\n\`\`\``,
  `**<img src=x onerror=${CALL}>**`,
  `||<script>${CALL}</script>||`,
  `> <svg onload=${CALL}>`,
  `# <svg onload=${CALL}>`,
  `- <svg onload=${CALL}>`,
  `<@"><img src=x onerror=${CALL}>>`,
  `:"><img src=x onerror=${CALL}>:`,
  `https://example.org/"><img src=x onerror=${CALL}>`,
  `https://example.org/#'onclick='${CALL}`,
  `conclave://join/"><img src=x onerror=${CALL}>`,
] as const;

const TEMPLATES = [`{{${CALL}}}`, `\${${CALL}}`, `{@html '<img src=x onerror=${CALL}>'}`, `{${CALL}}`, `#{${CALL}}`, `<%= ${CALL} %>`, `{% raw %}${CALL}`, `__proto__`, `constructor`, `toString`] as const;

/** Each payload plain and in the wrappings that have slipped past filters. */
const WRAPPINGS: readonly ((payload: string) => string)[] = [
  (p) => p,
  (p) => `"'>${p}`,
  (p) => `</textarea></title></style></script>${p}`,
  (p) => `\u202e${p}\u202c`,
];

export const PAYLOADS: readonly string[] = [...new Set(WRAPPINGS.flatMap((wrap) => [...MARKUP, ...MARKDOWN, ...TEMPLATES].map((p) => wrap(p))))];
