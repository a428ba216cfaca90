// What the states mean: each with its shape, its word and a sentence.
import { byId, element, keepChildren, setText } from './dom.mjs';
import { text } from './language.mjs';
import { shape } from './states.mjs';
import { listen } from './store.mjs';

const STATES = [
    'passing',
    'warning',
    'critical',
    'maintenance',
    'missing',
    'ejected',
    'draining',
    'hung',
    'starting',
    'gone',
];

function show() {
    keepChildren(
        byId('states'),
        STATES,
        state => element('li', { class: `state-${state}` }, shape(state, 'svg'), element('b'), element('span')),
        (item, state) => {
            setText(item.children[1], text(`state.${state}`));
            setText(item.children[2], text(`means.${state}`));
        },
    );
}

export function startLegend() {
    show();
    listen(['language'], show);
}
