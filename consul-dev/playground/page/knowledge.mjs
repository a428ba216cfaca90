// What order-service knows: where its list comes from, how old it is, the last error, panic, and which
// instance the next call gets, with the reason for each instance that it cannot go to.
import { byId, element, keepChildren, setAttribute, setText } from './dom.mjs';
import { text } from './language.mjs';
import { reasonText } from './reasons.mjs';
import { listen, store } from './store.mjs';

const TICK_MS = 250;
const part = name => byId(`knows-${name}`);
const seconds = ms => (ms / 1000).toFixed(1);

// The age grows between two states, too.
function ageNow({ age_ms: age }) {
    return age + (store.connection === 'open' ? performance.now() - store.receivedMs : 0);
}

function showAge(discovery) {
    const age = ageNow(discovery);
    const full = Math.min(1, age / discovery.ttl_ms);
    const isStale = age > discovery.ttl_ms;
    part('age-bar').style.transform = `scaleX(${full.toFixed(3)})`;
    setAttribute(part('age'), 'class', `age${isStale ? ' is-stale' : ''}`);
    setAttribute(part('age'), 'aria-valuenow', Math.round(full * 100));
    const words = text(isStale ? 'knows.ageStale' : 'knows.ageFresh', {
        age: seconds(age),
        ttl: seconds(discovery.ttl_ms),
    });
    setAttribute(part('age'), 'aria-valuetext', words);
    setText(part('age-text'), words);
}

function showNext(next) {
    setText(part('next'), next?.instance ?? text('knows.noInstance'));
    const reasons = next?.passed_over ?? [];
    setText(
        part('over-head'),
        reasons.length === 0 ? text('knows.overNone') : text('knows.over', { n: reasons.length }),
    );
    part('over').hidden = reasons.length === 0;
    keepChildren(
        part('over'),
        reasons.map(one => one.id),
        () => element('li', {}, element('b'), element('span')),
        (item, id, i) => {
            setText(item.firstChild, id);
            setText(item.lastChild, reasonText(reasons[i].reason));
        },
    );
}

function show() {
    if (!store.state) return;
    const { discovery } = store.state;
    part('none').hidden = discovery !== null;
    part('list').hidden = discovery === null;
    if (discovery === null) return;
    setText(part('source'), discovery.source);
    setAttribute(part('source'), 'class', `badge badge-${discovery.source}`);
    setText(part('source-text'), text(`source.${discovery.source}`));
    setText(part('error'), discovery.last_error ?? text('knows.noError'));
    setAttribute(part('error'), 'lang', discovery.last_error ? 'en' : null);
    setText(part('panic'), text(discovery.panic ? 'knows.panicYes' : 'knows.panicNo'));
    setAttribute(part('panic'), 'class', discovery.panic ? 'is-alarm' : '');
    showAge(discovery);
    showNext(discovery.next);
}

export function startKnowledge() {
    listen(['state', 'language'], show);
    setInterval(() => {
        if (!document.hidden && store.state?.discovery && store.connection === 'open') showAge(store.state.discovery);
    }, TICK_MS);
}
