// The newest calls of the last second, in their order, as the instances that they went to. So the order of the
// picks can be read: A A B A.
import { byId, element, setText } from './dom.mjs';
import { shortName } from './cards.mjs';
import { text } from './language.mjs';
import { colourOf } from './series.mjs';
import { listen, store } from './store.mjs';

const CHIP_WIDTH = 30; // with its gap

const list = byId('last-calls');
let room = 0;

function chip([id, ms, status]) {
    const failed = status === 0 || status >= 500;
    const node = element('li', {
        class: failed ? 'chip is-failed' : `chip swatch-series-${colourOf(id)}`,
        title: `${id || '–'}, ${ms} ms, ${status || text('calls.failed')}`,
    });
    setText(node, failed ? `✕ ${shortName(id)}` : shortName(id));
    return node;
}

// As many as there is room for.
function show() {
    const calls = store.seconds.at(-1)?.last ?? [];
    list.replaceChildren(...(room > 0 ? calls.slice(-room).map(chip) : []));
}

export function startLastCalls() {
    new ResizeObserver(([entry]) => {
        room = Math.floor(entry.contentRect.width / CHIP_WIDTH);
        show();
    }).observe(list);
    listen(['seconds', 'language'], show);
}
