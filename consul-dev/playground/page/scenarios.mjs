// The scenarios and the five pitfalls: a button each, with what to expect before and what was seen after.
import { byId, element, isEnabled, keepChildren, setAttribute, setEnabled, setText } from './dom.mjs';
import { currentLanguage, hasText, text } from './language.mjs';
import { send, whyBusy } from './actions.mjs';
import { makeConclusion, makeOutput, showConclusion, showOutput } from './output.mjs';
import { isResetting, listen, runningScenario, store } from './store.mjs';

const NAMES = [
    'rolling-restart',
    'registry-outage',
    'redis-lost',
    'hung-instance',
    'slow-instance',
    'canary-release',
    'storm',
];
const PITFALLS = [1, 2, 3, 4, 5].map(n => `pitfall-${n}`);
const isPitfall = name => name.startsWith('pitfall-');
const LISTS = [
    { list: byId('scenarios'), names: NAMES },
    { list: byId('pitfalls'), names: PITFALLS },
];
const results = new Map(); // name -> the newest {state, step, steps, seen}

function make(name) {
    return element(
        'details',
        { name: 'scenario', class: 'scenario', id: `scenario-${name}` },
        element('summary', {}, element('b'), element('span', { class: 'verdict' })),
        element('p', {}, element('strong'), element('span', { class: 'expect' })),
        element(
            'div',
            { class: 'row' },
            element('button', { type: 'button', class: 'button primary' }),
            element('span', { class: 'step' }),
        ),
        makeOutput(),
        element('div', { class: 'result' }, element('strong'), makeConclusion(), element('dl')),
    );
}

function showSeen(holder, seen) {
    const entries = Object.entries(seen ?? {});
    keepChildren(
        holder,
        entries.map(([key]) => key),
        () => element('div', {}, element('dt'), element('dd')),
        (row, key) => {
            setText(row.firstChild, hasText(`seen.${key}`) ? text(`seen.${key}`) : key.replaceAll('_', ' '));
            setText(row.lastChild, String(seen[key]));
        },
    );
}

// The steps of a rolling restart are the same for each instance.
const stepText = (name, step) =>
    text(hasText(`scenario.${name}.step`) ? `scenario.${name}.step` : `scenario.${name}.step.${step}`, { step });

function showOne(item, name) {
    const run = results.get(name);
    const [summary, expect, row, output, result] = item.children;
    setText(summary.firstChild, text(`scenario.${name}.name`));
    setText(summary.lastChild, run ? text(`verdict.${run.state}`) : '');
    setAttribute(summary.lastChild, 'class', `verdict verdict-${run?.state ?? 'none'}`);
    setText(expect.firstChild, text('scenario.expect'));
    setText(expect.lastChild, text(`scenario.${name}.expect`));
    const [button, step] = row.children;
    const isMine = runningScenario() === name;
    setText(button, text(isMine ? 'scenario.stop' : 'scenario.run'));
    setAttribute(button, 'class', isMine ? 'button' : 'button primary');
    setAttribute(
        button,
        'aria-label',
        `${text(isMine ? 'scenario.stop' : 'scenario.run')}: ${text(`scenario.${name}.name`)}`,
    );
    const why = whyBusy();
    setEnabled(button, why === '' || (isMine && !isResetting()), why);
    // (A pitfall prints what it does.)
    setText(step, isMine && run.step > 0 && !isPitfall(name) ? text('scenario.step', { ...run, what: stepText(name, run.step) }) : '');
    result.hidden = !run || (run.state === 'running' && (isPitfall(name) || Object.keys(run.seen ?? {}).length === 0));
    setText(result.firstChild, text('scenario.seen'));
    showOutput(output, name, run?.state);
    showConclusion(result.children[1], name, run?.state);
    showSeen(result.lastChild, run?.seen);
}

function showAll() {
    for (const { list, names } of LISTS) keepChildren(list, names, make, showOne);
}

function show() {
    const scenario = store.state?.scenario;
    if (scenario) {
        const isNew = scenario.state === 'running' && results.get(scenario.name)?.state !== 'running';
        results.set(scenario.name, scenario);
        if (isNew) byId(`scenario-${scenario.name}`)?.setAttribute('open', '');
    }
    showAll();
}

export function startScenarios() {
    showAll();
    LISTS[0].list.firstChild.open = true;
    byId('sheet-scenarios').addEventListener('click', event => {
        const button = event.target.closest('button');
        const name = event.target.closest('details')?.dataset.key;
        if (!button || !name || !isEnabled(button)) return;
        send(
            runningScenario() === name
                ? { action: 'scenario-stop' }
                : { action: 'scenario', name, language: currentLanguage() },
        );
    });
    listen(['state', 'output', 'language'], show);
}
