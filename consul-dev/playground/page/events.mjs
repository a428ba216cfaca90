// The events as a list, newest first, in words; and the important ones spoken to a screen reader, at most
// every three seconds.
import { byId, element, keepChildren, setText } from './dom.mjs';
import { hasText, text } from './language.mjs';
import { NAMES } from './cards.mjs';
import { shape, shapeOfMark } from './states.mjs';
import { listen, store } from './store.mjs';

const SHOWN_MAX = 60;
const SPEAK_MS = 3000;
const SPOKEN = new Set(['stopped', 'ended', 'killed', 'hung', 'continued', 'critical', 'ejected', 'back', 'source', 'stale', 'panic', 'panic_over', 'scenario', 'scenario_done', 'reset', 'added', 'removed']);

const list = byId('events');
const speaker = byId('speaker');
let spokenId = 0;
let waiting = [];
let timer = 0;

// "Consul stopped"; a scenario's target is its name.
export function markText(mark) {
  const isScenario = mark.code.startsWith('scenario');
  const what = isScenario ? text(`scenario.${mark.target}.name`) : (NAMES[mark.target] ?? mark.target ?? '');
  const key = `mark.${mark.code}`;
  return hasText(key) ? text(key, { what, text: mark.text ?? '' }) : [what, mark.text].filter(Boolean).join(': ');
}

const timeOf = mark => new Date(mark.t_ms).toLocaleTimeString('en-GB');

function speak() {
  timer = 0;
  setText(speaker, waiting.join(text('list.stop')));
  waiting = [];
}

function speakNew() {
  const newest = store.marks.at(-1)?.id ?? 0;
  if (spokenId > 0) waiting.push(...store.marks.filter(mark => mark.id > spokenId && SPOKEN.has(mark.code)).map(markText));
  spokenId = newest;
  if (waiting.length > 0 && timer === 0) timer = setTimeout(speak, SPEAK_MS);
}

function show() {
  const newest = store.marks.slice(-SHOWN_MAX).reverse();
  byId('events-none').hidden = newest.length > 0;
  keepChildren(list, newest.map(mark => mark.id), id => {
    const mark = newest.find(one => one.id === id);
    return element('li', {}, shape(shapeOfMark(mark.code), 'svg'), element('time', {}, timeOf(mark)), element('span'));
  }, (item, id, i) => {
    setText(item.lastChild, markText(newest[i]));
    item.title = newest[i].text ?? '';
  });
}

export function startEvents() {
  listen(['marks', 'language'], show);
  listen(['marks'], speakNew);
}
