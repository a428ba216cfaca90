// What to click first, for a reader who is here for the first time.
import { byId, isEnabled } from './dom.mjs';
import { recall, remember } from './language.mjs';
import { select } from './store.mjs';

const KEY = 'playground-hint';

function close() {
    byId('hint').hidden = true;
    remember(KEY, 'seen');
}

export function startHint() {
    byId('hint').hidden = recall(KEY) === 'seen';
    byId('hint-close').addEventListener('click', close);
    byId('hint-show').addEventListener('click', () => {
        select('consul');
        byId('tab-break').click();
        // (The buttons are those of Consul only in the next frame.)
        requestAnimationFrame(() =>
            requestAnimationFrame(() => {
                const stop = document.querySelector('.action-stop');
                if (!stop) return;
                stop.scrollIntoView({ block: 'nearest' });
                stop.focus();
                if (isEnabled(stop)) stop.classList.add('is-pointed-at');
                stop.addEventListener('blur', () => stop.classList.remove('is-pointed-at'), { once: true });
            }),
        );
    });
}
