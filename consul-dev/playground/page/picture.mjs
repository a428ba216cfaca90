// The picture of the system. It is a list box for keyboard and screen reader: each process is an option,
// the arrow keys move the selection, and Enter goes to the buttons of the selected process.
import { layout } from './layout.mjs';
import { byId, keepChildren, setAttribute, setText, svg } from './dom.mjs';
import { text } from './language.mjs';
import { makeCard, showCard } from './cards.mjs';
import { setRoutes } from './calls.mjs';
import { findNode, listen, select, store } from './store.mjs';

const picture = byId('picture');
const frame = byId('picture-frame');
const lines = picture.querySelector('.lines');
const routes = picture.querySelector('.routes');
const cards = picture.querySelector('.cards');
const groupBox = picture.querySelector('.group');
const groupName = picture.querySelector('.group-name');

let width = 0;
let placed = null;
let placedFor = '';

function place(nodes) {
    const wanted = `${width} ${nodes.map(node => node.id).join(' ')}`;
    if (wanted === placedFor) return false;
    placedFor = wanted;
    placed = layout(nodes, width);
    setAttribute(picture, 'viewBox', `0 0 ${placed.width} ${placed.height}`);
    setAttribute(picture, 'width', placed.width);
    setAttribute(picture, 'height', placed.height);
    for (const [name, value] of Object.entries({
        x: placed.group.x,
        y: placed.group.y,
        width: placed.group.w,
        height: placed.group.h,
    }))
        setAttribute(groupBox, name, value);
    setAttribute(groupName, 'x', placed.group.x + (placed.isWide ? 14 : 34));
    setAttribute(groupName, 'y', placed.group.y + 17);
    return true;
}

const isDown = id => ['gone', 'hung', 'critical', 'starting'].includes(findNode(id)?.state);

function showLines() {
    const keys = placed.lines.map(line => `${line.kind} ${line.to}`);
    keepChildren(
        lines,
        keys,
        () => svg('g', {}, svg('path'), svg('text', { class: 'line-label' })),
        (group, key, i) => {
            const line = placed.lines[i];
            setAttribute(group, 'class', `line line-${line.kind}${isDown(line.to) ? ' is-down' : ''}`);
            setAttribute(group.firstChild, 'd', line.d);
            const label = group.lastChild;
            if (line.label) {
                setAttribute(label, 'x', line.label.x);
                setAttribute(label, 'y', line.label.y);
            }
            setText(label, line.label ? text(`line.${line.kind}`) : '');
        },
    );
}

const isUsed = node => node.calls > 0 || ['passing', 'warning'].includes(node.state);

// The thicker the route, the larger its share of the last second's calls.
function showRoutes(nodes) {
    const ids = [...placed.calls.keys()];
    const thick = placed.size === 'tiny' ? 0.4 : 2.2;
    const busiest = Math.max(1, ...nodes.map(node => node.calls ?? 0));
    keepChildren(
        routes,
        ids,
        () => svg('path'),
        (path, id) => {
            const node = nodes.find(one => one.id === id);
            setAttribute(path, 'd', placed.calls.get(id));
            setAttribute(path, 'class', isUsed(node) ? 'route' : 'route is-unused');
            setAttribute(path, 'stroke-width', (1.2 + thick * ((node.calls ?? 0) / busiest)).toFixed(1));
        },
    );
}

function totalOf(nodes) {
    const last = store.seconds.at(-1);
    const all = nodes.filter(node => node.kind === 'user-service');
    return last
        ? { calls: last.ok + last.failed, failed: last.failed }
        : { calls: all.reduce((sum, node) => sum + (node.calls ?? 0), 0), failed: 0 };
}

function show() {
    if (!store.state || width === 0) return;
    const { nodes } = store.state;
    const isNew = place(nodes);
    const total = totalOf(nodes);
    const hadFocus = cards.contains(document.activeElement);
    keepChildren(
        cards,
        nodes.map(node => `${placed.size} ${node.id}`),
        key => makeCard(findNode(key.slice(placed.size.length + 1)), placed.size), // (an id may have blanks)
        (card, key, i) =>
            showCard(card, nodes[i], placed.boxes.get(nodes[i].id), total, nodes[i].id === store.selected),
    );
    if (hadFocus && !cards.contains(document.activeElement)) focusSelected();
    setText(groupName, text('picture.group', { n: nodes.filter(node => node.kind === 'user-service').length }));
    showLines();
    showRoutes(nodes);
    if (isNew) setRoutes(routes);
}

const focusSelected = () => byId(`node-${store.selected}`)?.focus({ preventScroll: false });

// The nearest process in the direction of an arrow key; what lies aside counts double.
function neighbour(id, dx, dy) {
    const here = placed.boxes.get(id);
    let best = null;
    for (const [other, box] of placed.boxes) {
        const x = box.x + box.w / 2 - here.x - here.w / 2;
        const y = box.y + box.h / 2 - here.y - here.h / 2;
        const ahead = x * dx + y * dy;
        const aside = Math.abs(x * dy + y * dx);
        const far = ahead + 2 * aside;
        if (ahead > 4 && (!best || far < best.far)) best = { other, far };
    }
    return best?.other ?? id;
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(event) {
    const ids = store.state.nodes.map(node => node.id);
    let next = null;
    if (DIRECTIONS[event.key]) next = neighbour(store.selected, ...DIRECTIONS[event.key]);
    else if (event.key === 'Home') [next] = ids;
    else if (event.key === 'End') next = ids.at(-1);
    else if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        document.dispatchEvent(new CustomEvent('break-it'));
        return;
    }
    if (next === null) return;
    event.preventDefault();
    select(next);
    show();
    focusSelected();
}

cards.addEventListener('keydown', onKey);
cards.addEventListener('click', event => {
    const card = event.target.closest('.card');
    if (!card) return;
    select(card.id.slice('node-'.length));
    show();
    focusSelected();
    document.dispatchEvent(new CustomEvent('node-chosen'));
});

export function startPicture() {
    new ResizeObserver(([entry]) => {
        const now = Math.floor(entry.contentRect.width);
        if (now === width) return;
        width = now;
        show();
    }).observe(frame);
    listen(['state', 'seconds', 'selected', 'language'], show);
}
