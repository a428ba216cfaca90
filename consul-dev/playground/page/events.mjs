// The events as a list, newest first, in words; and the important ones spoken to a screen reader, at most
// every three seconds.
import { byId, element, keepChildren, setText } from './dom.mjs';
import { hasText, text } from './language.mjs';
import { NAMES } from './cards.mjs';
import { shape, shapeOfMark } from './states.mjs';
import { listen, store } from './store.mjs';

const SHOWN_MAX = 60;
const SPEAK_MS = 3000;
// These are spoken, and named on the timeline.
export const IMPORTANT = new Set([
    'stopped',
    'ended',
    'killed',
    'hung',
    'continued',
    'critical',
    'missing',
    'ejected',
    'back',
    'source',
    'stale',
    'panic',
    'panic_over',
    'settings',
    'scenario',
    'scenario_done',
    'added',
    'removed',
    'reset',
]);

const list = byId('events');
const speaker = byId('speaker');
let spokenId = 0;
let waiting = [];
let timer = 0;

// "Consul stopped". The text of a scenario's mark is its name and, at the end, its outcome: "storm: passed".
export function markText(mark) {
    const key = `mark.${mark.code}`;
    const what = NAMES[mark.target] ?? mark.target ?? '';
    if (!hasText(key)) return [what, mark.text].filter(Boolean).join(': ');
    if (!mark.code.startsWith('scenario')) return text(key, { what, text: mark.text ?? '' });
    const [name, outcome] = mark.text.split(': ');
    return text(key, { what: text(`scenario.${name}.name`), text: outcome ? text(`verdict.${outcome}`) : '' });
}

const timeOf = mark => new Date(mark.t_ms).toLocaleTimeString('en-GB');

function speak() {
    timer = 0;
    setText(speaker, waiting.join(text('list.stop')));
    waiting = [];
}

function speakNew() {
    const newest = store.marks.at(-1)?.id ?? 0;
    if (spokenId > 0)
        waiting.push(...store.marks.filter(mark => mark.id > spokenId && IMPORTANT.has(mark.code)).map(markText));
    spokenId = newest;
    if (waiting.length > 0 && timer === 0) timer = setTimeout(speak, SPEAK_MS);
}

function show() {
    const newest = store.marks.slice(-SHOWN_MAX).reverse();
    byId('events-none').hidden = newest.length > 0;
    keepChildren(
        list,
        newest.map(mark => mark.id),
        id => {
            const mark = newest.find(one => one.id === id);
            return element(
                'li',
                {},
                shape(shapeOfMark(mark.code), 'svg'),
                element('time', {}, timeOf(mark)),
                element('span'),
            );
        },
        (item, id, i) => {
            setText(item.lastChild, markText(newest[i]));
            item.title = newest[i].text ?? '';
        },
    );
}

export function startEvents() {
    listen(['marks', 'language'], show);
    listen(['marks'], speakNew);
}
