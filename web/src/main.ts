import { mount } from 'svelte';
import App from './App.svelte';
import { prefs } from './lib/state/prefs.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/forms.css';

prefs.early();

const target = document.getElementById('app');
if (target !== null) mount(App, { target });
