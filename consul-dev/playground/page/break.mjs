// The buttons that break the selected process and bring it back. A button that does not fit the process's
// state stays in its place, and says why it cannot be used.
import { byId, element, isEnabled, keepChildren, setAttribute, setEnabled, setText } from './dom.mjs';
import { hasText, text } from './language.mjs';
import { factsOf, nameOf } from './cards.mjs';
import { send, whyBusy } from './actions.mjs';
import { shape } from './states.mjs';
import { findNode, listen, select, store } from './store.mjs';

// The action, and the states of the process in which it is possible.
const LIVE = ['running', 'starting'];
const ACTIONS = [
    { action: 'stop', in: LIVE },
    { action: 'hang', in: LIVE },
    { action: 'kill', in: [...LIVE, 'hung', 'draining'] },
    { action: 'start', in: ['ended', 'killed'] },
    { action: 'continue', in: ['hung'] },
    { action: 'maintain', in: ['running'], only: 'user-service', fits: node => !node.in_maintenance },
    { action: 'unmaintain', in: ['running'], only: 'user-service', fits: node => node.in_maintenance },
    // These always, but only for an instance.
    { action: 'warn', in: null, fits: node => !node.warned },
    { action: 'unwarn', in: null, fits: node => node.warned },
    { action: 'remove', in: null },
];
const part = name => byId(`break-${name}`);

const isService = node => node.kind === 'user-service' || node.kind === 'order-service';
// A service drains on SIGTERM; PostgreSQL's clean way is SIGINT.
const nameOfAction = (node, action) => (action === 'stop' && isService(node) ? 'term' : action);
const isShown = (node, one) =>
    (one.in !== null || node.kind === 'user-service') &&
    (one.only ?? node.kind) === node.kind &&
    (one.fits?.(node) ?? true);
const signalOf = node => (node.kind === 'postgres' ? 'SIGINT' : 'SIGTERM');

function whyNot(node, one) {
    const busy = whyBusy();
    if (busy) return busy;
    if (one.in === null || one.in.includes(node.process)) return '';
    return text('break.notNow', { process: text(`process.${node.process}`) });
}

function showButtons(node) {
    const wanted = ACTIONS.filter(one => isShown(node, one));
    keepChildren(
        part('buttons'),
        wanted.map(one => one.action),
        action =>
            element(
                'button',
                { type: 'button', class: `button action-${action}` },
                element('span'),
                ' ',
                element('small'),
            ),
        (button, action, i) => {
            const why = whyNot(node, wanted[i]);
            setText(button.firstChild, text(`do.${action}`));
            setText(button.lastChild, text(`signal.${action}`, { signal: signalOf(node) }));
            setEnabled(button, why === '', why);
            setAttribute(button, 'aria-label', text('do.label', { what: button.textContent, process: nameOf(node) }));
            setAttribute(button, 'aria-describedby', `about-${action}`);
        },
    );
    keepChildren(
        part('about'),
        wanted.map(one => one.action),
        action => element('li', { id: `about-${action}` }, element('b'), element('span')),
        (item, action) => {
            setText(item.firstChild, text(`do.${action}`));
            setText(item.lastChild, text(`about.${action}.${isService(node) ? 'service' : node.kind}`));
        },
    );
}

const weight = byId('weight');
let weightOf = '';

// The weight of the selected instance, until the reader changes it.
function showWeight(node) {
    byId('weight-form').hidden = node.kind !== 'user-service';
    const now = `${node.id} ${node.weight}`;
    if (now !== weightOf) {
        weightOf = now;
        weight.value = node.weight;
    }
    const why = whyNot(node, { in: ['running'] });
    setEnabled(byId('weight-apply'), why === '', why);
}

function showChooser(nodes) {
    keepChildren(
        part('process'),
        nodes.map(node => node.id),
        id => element('option', { value: id }),
        (option, id, i) => {
            setText(option, `${nameOf(nodes[i])} – ${text(`state.${nodes[i].state}`)}`);
        },
    );
    if (part('process').value !== store.selected) part('process').value = store.selected;
}

function show() {
    if (!store.state) return;
    showChooser(store.state.nodes);
    const node = findNode(store.selected);
    if (!node) return;
    setText(part('idea'), text(`idea.${node.kind}`));
    setAttribute(part('state'), 'class', `state-line state-${node.state}`);
    const holder = part('shape');
    if (holder.dataset.state !== node.state) {
        holder.dataset.state = node.state;
        holder.replaceChildren(shape(node.state, 'svg'));
    }
    setText(part('word'), text(`state.${node.state}`));
    const ofServer = `means.server.${node.state}`;
    setText(part('means'), text(node.kind !== 'user-service' && hasText(ofServer) ? ofServer : `means.${node.state}`));
    setText(part('facts'), node.kind === 'user-service' ? factsOf(node).join(' · ') : '');
    const process = [node.detail, node.pid && `pid ${node.pid}`, node.port && `port ${node.port}`].filter(Boolean);
    setText(part('detail'), process.join(' · '));
    showButtons(node);
    showWeight(node);
}

export function startBreak() {
    part('buttons').addEventListener('click', event => {
        const button = event.target.closest('button');
        const node = findNode(store.selected);
        if (!button || !node || !isEnabled(button)) return;
        send({ action: nameOfAction(node, button.dataset.key), target: node.id });
    });
    byId('weight-form').addEventListener('submit', event => {
        event.preventDefault();
        if (isEnabled(byId('weight-apply')))
            send({ action: 'weight', target: store.selected, weight: Number(weight.value) });
    });
    part('process').addEventListener('change', () => select(part('process').value));
    document.addEventListener('break-it', () => {
        byId('tab-break').click();
        [...part('buttons').children].find(isEnabled)?.focus();
    });
    document.addEventListener('node-chosen', () => byId('tab-break').click());
    listen(['state', 'selected', 'language'], show);
}
