// The load: on or off, how many calls a second, and for which user: a random one, or always the same.
import { byId, isEnabled, setAttribute, setText } from './dom.mjs';
import { text } from './language.mjs';
import { send } from './actions.mjs';
import { listen, store } from './store.mjs';

const toggle = byId('load-on');
const rate = byId('load-rate');
const key = byId('load-key');
const keyId = byId('load-key-id');

// What the reader has just chosen is kept until the program says the same, at most this long.
const PENDING_MS = 1500;
let pendingUntil = 0;

const wantedKey = () => (key.value === 'random' ? 'random' : keyId.value || '7');

function change(on) {
    pendingUntil = performance.now() + PENDING_MS;
    send({ action: 'load', on, rate: Number(rate.value), key: wantedKey() });
}

function show() {
    if (!store.state) return;
    const { load } = store.state;
    setAttribute(toggle, 'aria-checked', load.on ? 'true' : 'false');
    setText(toggle.querySelector('.switch-word'), text(load.on ? 'load.on' : 'load.off'));
    if (performance.now() < pendingUntil || [rate, key, keyId].includes(document.activeElement)) return;
    if (![...rate.options].some(option => option.value === String(load.rate)))
        rate.add(new Option(load.rate, load.rate));
    rate.value = String(load.rate);
    key.value = load.key === 'random' ? 'random' : 'one';
    if (load.key !== 'random') keyId.value = load.key;
    byId('load-key-one').hidden = key.value === 'random';
}

export function startLoad() {
    toggle.addEventListener('click', () => isEnabled(toggle) && change(!store.state?.load.on));
    rate.addEventListener('change', () => change(store.state?.load.on ?? true));
    key.addEventListener('change', () => {
        byId('load-key-one').hidden = key.value === 'random';
        change(store.state?.load.on ?? true);
    });
    keyId.addEventListener('change', () => change(store.state?.load.on ?? true));
    listen(['state', 'language'], show);
}
