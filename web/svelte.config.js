/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
  compilerOptions: {
    runes: true,
    // Elements are built through the DOM, never through innerHTML: Trusted Types stay on with no policy at all.
    fragments: 'tree',
  },
};
