// The cards of the picture: one for each process, with its state as a shape, a word and a colour, and for
// an instance its weight, zone, version and share of the picks.
import { setAttribute, setText, svg } from './dom.mjs';
import { text } from './language.mjs';
import { colourOf } from './series.mjs';
import { shape } from './states.mjs';

export const NAMES = { consul: 'Consul', etcd: 'etcd', postgres: 'PostgreSQL', redis: 'Redis' };
export const nameOf = node => NAMES[node.kind] ?? node.id;
export const percent = share => `${Math.round((share ?? 0) * 100)} %`;

// "7" of user-service-7: small cards have no room for more.
export const shortName = id => id.replace(/^.*?-(?=[^-]+$)/, '');

// About how wide a text is; a Chinese character is as wide as its height.
const widthOf = (string, size) => [...string].reduce((sum, c) => sum + (c > '\u2e80' ? 1 : 0.56), 0) * size;

export function fit(string, width, size) {
    if (widthOf(string, size) <= width) return string;
    let cut = string;
    while (cut && widthOf(`${cut}…`, size) > width) cut = cut.slice(0, -1);
    return `${cut}…`;
}

// What is on the card, in its order, so that one can also call it by what one reads; then what has no room there.
function describe(card, node) {
    const seen = [...card.querySelectorAll('text')]
        .map(line => line.textContent)
        .filter(Boolean)
        .join(' ');
    if (node.kind !== 'user-service' || card.dataset.kind === 'full') return seen;
    return [
        seen,
        node.id,
        text('card.weight', { n: node.weight }),
        node.zone && text('card.zone', { zone: node.zone }),
        text('card.version', { version: node.version }),
        text('card.share', { share: percent(node.share) }),
    ]
        .filter(Boolean)
        .join(text('list.comma'));
}

// What each card consists of, by size: [part, class, x, y].
const LINES = {
    full: [
        ['name', 'card-name', 34, 20],
        ['word', 'card-word card-end', 0, 20],
        ['meta', 'card-small', 15, 41],
        ['rate', 'card-small', 15, 59],
    ],
    compact: [
        ['name', 'card-name', 34, 17],
        ['word', 'card-word', 14, 32],
        ['rate', 'card-small', 14, 46],
    ],
    tiny: [
        ['name', 'card-name', 30, 16],
        ['word', 'card-tiny', 12, 30],
    ],
    server: [
        ['name', 'card-name', 34, 19],
        ['word', 'card-word', 14, 38],
        ['port', 'card-small card-end', 0, 38],
    ],
    caller: [
        ['name', 'card-name', 34, 20],
        ['word', 'card-word', 14, 41],
        ['rate', 'card-small', 14, 61],
        ['meta', 'card-small', 14, 78],
    ],
};

const SHAPE_AT = {
    full: { x: 13, y: 7, scale: 1 },
    compact: { x: 13, y: 4, scale: 1 },
    tiny: { x: 12, y: 5, scale: 0.8 },
    server: { x: 13, y: 6, scale: 1 },
    caller: { x: 13, y: 7, scale: 1 },
};

const kindOf = (node, size) =>
    node.kind === 'user-service' ? size : node.kind === 'order-service' ? 'caller' : 'server';

export function makeCard(node, size) {
    const card = svg('g', { class: 'card', role: 'option', id: `node-${node.id}` });
    const kind = kindOf(node, size);
    card.append(svg('rect', { class: 'card-box', rx: kind === 'tiny' ? 7 : 10 }));
    if (node.kind === 'user-service') card.append(svg('rect', { class: 'card-stripe', width: 4, rx: 2 }));
    card.append(svg('g', { class: 'card-shape' }));
    // (The blank separates the words for a screen reader.)
    for (const [part, classes] of LINES[kind]) card.append(svg('text', { class: classes, 'data-part': part }), ' ');
    if (kind === 'full')
        card.append(
            svg('rect', { class: 'bar-back', height: 6, rx: 3 }),
            svg('rect', { class: 'bar', height: 6, rx: 3 }),
        );
    card.dataset.kind = kind;
    return card;
}

function showShape(card, node, kind) {
    const holder = card.querySelector('.card-shape');
    if (holder.dataset.state !== node.state) {
        holder.dataset.state = node.state;
        holder.replaceChildren(shape(node.state));
    }
    const { x, y, scale } = SHAPE_AT[kind];
    setAttribute(holder, 'transform', `translate(${x} ${y}) scale(${scale})`);
}

// The worst state is the card's; that the instance is also ejected is said here.
function metaOf(node, width) {
    const also = node.ejected && node.state !== 'ejected' ? text('state.ejected') : '';
    const version = node.version && `v${node.version}`;
    const whole = [
        also,
        text('card.weight', { n: node.weight }),
        node.zone && text('card.zone', { zone: node.zone }),
        version,
    ]
        .filter(Boolean)
        .join(' · ');
    return widthOf(whole, 12) <= width
        ? whole
        : [also, text('card.w', { n: node.weight }), node.zone, version].filter(Boolean).join(' · ');
}

function textsOf(node, kind, box, total) {
    const texts = {
        name: kind === 'tiny' || kind === 'compact' ? shortName(node.id) : nameOf(node),
        word: text(`state.${node.state}`),
        port: node.port ? `:${node.port}` : '',
    };
    if (kind === 'full') {
        texts.meta = metaOf(node, box.w - 24);
        texts.rate = text('card.shareAndRate', { share: percent(node.share), n: node.calls ?? 0 });
    } else if (kind === 'compact') {
        texts.rate = `${text('card.w', { n: node.weight })} · ${percent(node.share)}`;
    } else if (kind === 'caller') {
        texts.rate = text('card.total', { n: total.calls });
        texts.meta = text('card.failed', { n: total.failed });
    }
    return texts;
}

// total: {calls, failed} of the last second, shown on order-service.
export function showCard(card, node, box, total, isSelected) {
    const { kind } = card.dataset;
    setAttribute(card, 'class', `card state-${node.state}${isSelected ? ' is-selected' : ''}`);
    setAttribute(card, 'transform', `translate(${box.x} ${box.y})`);
    setAttribute(card, 'aria-selected', isSelected ? 'true' : 'false');
    setAttribute(card, 'tabindex', isSelected ? 0 : -1);
    const back = card.querySelector('.card-box');
    setAttribute(back, 'width', box.w);
    setAttribute(back, 'height', box.h);
    const stripe = card.querySelector('.card-stripe');
    if (stripe) {
        setAttribute(stripe, 'x', 5);
        setAttribute(stripe, 'y', 7);
        setAttribute(stripe, 'height', box.h - 14);
        setAttribute(stripe, 'class', `card-stripe series-${colourOf(node.id)}`);
    }
    showShape(card, node, kind);
    showTexts(card, node, kind, box, total);
    showBar(card, node, box);
    setAttribute(card, 'aria-label', describe(card, node));
}

function showTexts(card, node, kind, box, total) {
    const texts = textsOf(node, kind, box, total);
    for (const [part, , x, y] of LINES[kind]) {
        const line = card.querySelector(`[data-part="${part}"]`);
        setAttribute(line, 'x', x === 0 ? box.w - 12 : x);
        setAttribute(line, 'y', y);
        setText(
            line,
            x === 0
                ? texts[part]
                : fit(texts[part] ?? '', box.w - x - 3, part === 'name' ? 13.5 : kind === 'tiny' ? 11 : 12),
        );
    }
}

function showBar(card, node, box) {
    const bar = card.querySelector('.bar');
    if (!bar) return;
    const width = Math.max(40, box.w - 140);
    const x = box.w - 12 - width;
    for (const one of [card.querySelector('.bar-back'), bar]) {
        setAttribute(one, 'x', x);
        setAttribute(one, 'y', 52);
    }
    setAttribute(card.querySelector('.bar-back'), 'width', width);
    setAttribute(bar, 'width', Math.round(width * Math.min(1, node.share ?? 0)));
    setAttribute(bar, 'class', `bar series-${colourOf(node.id)}`);
}
