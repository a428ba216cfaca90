// The last two minutes: calls per second as bars stacked by instance, failed and slow calls on top, and the
// events as numbered lines. It is drawn once a second, with one path for each colour.
import { byId, element, keepChildren, setAttribute, setText, svg } from './dom.mjs';
import { text } from './language.mjs';
import { colourOf } from './series.mjs';
import { shapeOfMark, shape } from './states.mjs';
import { HISTORY_S, listen, store } from './store.mjs';
import { IMPORTANT, markText } from './events.mjs';

const LEFT = 34;
const RIGHT = 10;
const TOP = 48; // for the marks
const BOTTOM = 20;
const SERIES_MAX = 8; // the busiest by name, the others as one

const chart = byId('timeline');
const frame = byId('timeline-frame');
const layer = name => chart.querySelector(`.${name}`);
let width = 0;
let height = 0;

const countOf = second => second.ok + second.failed;

// A round number not below the largest count, so that the axis does not jump with each second.
function topOf(seconds) {
    const most = Math.max(5, ...seconds.map(countOf));
    const unit = 10 ** Math.floor(Math.log10(most));
    return [1, 2, 3, 4, 5, 8, 10].map(step => step * unit).find(value => value >= most);
}

function seriesOf(seconds) {
    const sums = new Map();
    for (const second of seconds)
        for (const [id, count] of Object.entries(second.by ?? {})) sums.set(id, (sums.get(id) ?? 0) + count);
    const busiest = [...sums]
        .sort((a, b) => b[1] - a[1])
        .slice(0, SERIES_MAX)
        .map(([id]) => id);
    const named = busiest.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return sums.size > named.length ? [...named, 'others'] : named;
}

function scales(seconds) {
    const end = seconds.at(-1)?.t ?? Math.floor(Date.now() / 1000);
    const step = (width - LEFT - RIGHT) / HISTORY_S;
    const top = topOf(seconds);
    return {
        end,
        step,
        top,
        x: t => LEFT + (t - (end - HISTORY_S) - 1) * step,
        y: count => height - BOTTOM - ((height - TOP - BOTTOM) * Math.min(count, top)) / top,
    };
}

const bar = (x, y1, y2, w) =>
    y1 - y2 < 0.3 ? '' : `M${x.toFixed(1)} ${y1.toFixed(1)}V${y2.toFixed(1)}h${w.toFixed(1)}V${y1.toFixed(1)}z`;

const dot = (x, y) => `M${x.toFixed(1)} ${y.toFixed(1)}m-2.5 0a2.5 2.5 0 1 1 5 0a2.5 2.5 0 1 1 -5 0`;

function showBars(seconds, series, { x, y, step }) {
    const paths = new Map([...series, 'failed', 'slow'].map(name => [name, '']));
    const w = Math.max(1, step - 0.8);
    for (const second of seconds) {
        let below = 0;
        let others = 0;
        const add = (name, count) => {
            paths.set(name, paths.get(name) + bar(x(second.t), y(below), y(below + count), w));
            below += count;
        };
        for (const [id, count] of Object.entries(second.by ?? {})) if (!paths.has(id)) others += count;
        // (The failed ones are also counted by instance. They are drawn once, on top.)
        const { failed } = second;
        for (const name of series) {
            const count = name === 'others' ? others : (second.by?.[name] ?? 0);
            add(name, Math.min(count, Math.max(0, countOf(second) - failed - below)));
        }
        if (failed > 0) add('failed', failed);
        if (second.slow > 0) paths.set('slow', paths.get('slow') + dot(x(second.t) + w / 2, y(below) - 5));
    }
    keepChildren(
        layer('bars'),
        [...paths.keys()],
        () => svg('path'),
        (path, name) => {
            setAttribute(
                path,
                'class',
                ['failed', 'slow', 'others'].includes(name) ? `bars-${name}` : `series-${colourOf(name)}`,
            );
            setAttribute(path, 'd', paths.get(name));
        },
    );
}

function showAxes({ top, y }) {
    const values = [0, top / 2, top];
    keepChildren(
        layer('axes'),
        values,
        () => svg('g', {}, svg('path'), svg('text')),
        (group, value) => {
            setAttribute(group.firstChild, 'd', `M${LEFT} ${y(value)}H${width - RIGHT}`);
            setAttribute(group.lastChild, 'x', LEFT - 6);
            setAttribute(group.lastChild, 'y', y(value) + 4);
            setText(group.lastChild, value);
        },
    );
    const times = [-120, -90, -60, -30, 0];
    keepChildren(
        layer('times'),
        times,
        () => svg('text'),
        (label, time) => {
            setAttribute(label, 'x', LEFT + ((width - LEFT - RIGHT) * (time + HISTORY_S)) / HISTORY_S);
            setAttribute(label, 'y', height - 5);
            setAttribute(label, 'class', time === 0 ? 'time-end' : time === -120 ? 'time-begin' : '');
            setText(label, time === 0 ? text('timeline.now') : text('timeline.ago', { n: time }));
        },
    );
}

const lengthOf = words => [...words].reduce((sum, c) => sum + (c > '\u2e80' ? 11 : 6), 22);

// Gives the words of important marks a place in one of two rows, right or left of their line, the newest first.
// The others have only their line: the list of events names them.
function placeWords(marks, x) {
    const taken = [[], []];
    const places = new Map(); // id -> {row, isLeft}
    const isFree = (row, begin, end) =>
        begin >= 0 && end <= width && taken[row].every(([from, to]) => end < from || begin > to);
    for (const mark of [...marks].reverse()) {
        if (!IMPORTANT.has(mark.code)) continue;
        const at = x(mark.t_ms / 1000);
        const length = lengthOf(markText(mark));
        for (const [row, isLeft] of [
            [0, false],
            [1, false],
            [0, true],
            [1, true],
        ]) {
            const [begin, end] = isLeft ? [at - length, at + 7] : [at - 7, at + length];
            if (!isFree(row, begin, end)) continue;
            taken[row].push([begin, end]);
            places.set(mark.id, { row, isLeft });
            break;
        }
    }
    return places;
}

function showMark(group, mark, at, place) {
    const words = markText(mark);
    const [title, line, icon, label] = group.children;
    const y = place ? 3 + 18 * place.row : 38;
    setAttribute(group, 'class', `mark${IMPORTANT.has(mark.code) ? '' : ' is-minor'}`);
    setText(title, words);
    setAttribute(line, 'd', `M${at.toFixed(1)} ${y + (place ? 14 : 4)}V${height - BOTTOM}`);
    setAttribute(
        icon,
        'transform',
        `translate(${(at - (place ? 6 : 4)).toFixed(1)} ${y}) scale(${place ? 0.75 : 0.5})`,
    );
    setAttribute(label, 'x', (at + (place?.isLeft ? -9 : 9)).toFixed(1));
    setAttribute(label, 'y', y + 10);
    setAttribute(label, 'text-anchor', place?.isLeft ? 'end' : 'start');
    setText(label, place ? words : '');
}

function showMarks({ x, end }) {
    const shown = store.marks.filter(mark => mark.t_ms / 1000 > end - HISTORY_S);
    const places = placeWords(shown, x);
    keepChildren(
        layer('marks'),
        shown.map(mark => mark.id),
        id => {
            const mark = shown.find(one => one.id === id);
            return svg('g', {}, svg('title'), svg('path'), shape(shapeOfMark(mark.code)), svg('text'));
        },
        (group, id, i) => showMark(group, shown[i], x(shown[i].t_ms / 1000), places.get(id)),
    );
}

function showLegend(seconds, series) {
    const names = [...series, 'failed', 'slow'];
    keepChildren(
        byId('legend'),
        names,
        () => element('li', {}, element('i'), element('span')),
        (item, name) => {
            const isSpecial = ['failed', 'slow', 'others'].includes(name);
            setAttribute(
                item.firstChild,
                'class',
                isSpecial ? `swatch swatch-${name}` : `swatch swatch-series-${colourOf(name)}`,
            );
            setText(item.lastChild, isSpecial ? text(`timeline.${name}`) : name);
        },
    );
    const last = seconds.at(-1);
    setText(
        byId('last-second'),
        last
            ? text('timeline.last', {
                  calls: countOf(last),
                  failed: last.failed,
                  slow: last.slow,
                  p50: last.p50_ms ?? '–',
                  p99: last.p99_ms ?? '–',
              })
            : text('timeline.empty'),
    );
}

function show() {
    if (width === 0) return;
    const { seconds } = store;
    const scale = scales(seconds);
    const series = seriesOf(seconds);
    setAttribute(chart, 'viewBox', `0 0 ${width} ${height}`);
    showAxes(scale);
    showBars(seconds, series, scale);
    showMarks(scale);
    showLegend(seconds, series);
}

export function startTimeline() {
    new ResizeObserver(([entry]) => {
        width = Math.floor(entry.contentRect.width);
        height = Math.floor(entry.contentRect.height);
        show();
    }).observe(frame);
    listen(['seconds', 'marks', 'language'], show);
}
