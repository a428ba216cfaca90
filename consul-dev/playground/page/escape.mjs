// Escape closes what lies over the page: the explanation of the states, or what went wrong.
import { byId } from './dom.mjs';

export function startEscape() {
    document.addEventListener('keydown', event => {
        if (event.key !== 'Escape') return;
        const states = document.querySelector('.states[open]');
        if (states) {
            states.open = false;
            states.querySelector('summary').focus();
        } else if (!byId('notice').hidden) byId('notice-close').click();
    });
}
