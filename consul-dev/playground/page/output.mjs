// What a pitfall prints: its progress and plots while it runs, in a region that scrolls; then its table, and its
// last sentences.
import { element, keepChildren, setAttribute, setText } from './dom.mjs';
import { text } from './language.mjs';
import { store } from './store.mjs';

const NEAR_END_PX = 24;
const NOTHING = { printed: '', language: 'en' };

export const makeOutput = () =>
    element(
        'div',
        { class: 'output', tabindex: 0, role: 'region', 'aria-live': 'off' },
        element('div', { class: 'progress' }),
        element('div', { class: 'plot' }),
    );

export const makeConclusion = () =>
    element('div', { class: 'conclusion' }, element('table', {}, element('tbody')), element('p'));

const isRow = line => line.includes('\t');
const hasTime = line => /^ *\d+\.\d s {2}/.test(line);

// The sentences follow the table. A reason to skip, or an error, is the last line, without a table.
function split(printed, state) {
    const lines = printed.trimEnd().split('\n');
    const table = lines.findIndex(isRow);
    const isSaid = table >= 0 || ['passed', 'failed', 'skipped'].includes(state);
    const before = table >= 0 ? table : lines.length - (isSaid ? 1 : 0);
    const plot = Math.min(before, lines.findLastIndex(hasTime) + 1 || before);
    return {
        progress: lines.slice(0, plot).join('\n'),
        plot: lines.slice(plot, before).join('\n').trimEnd(),
        rows: lines.filter(isRow).map(line => line.split('\t')),
        sentences: lines.slice(table >= 0 ? lines.findLastIndex(isRow) + 1 : before),
    };
}

const parse = (name, state) => split((store.outputs.get(name) ?? NOTHING).printed, state);
const languageOf = name => ((store.outputs.get(name) ?? NOTHING).language === 'zh' ? 'zh-CN' : 'en');

// A reader who has not scrolled back sees the newest lines.
export function showOutput(region, name, state) {
    const { progress, plot } = parse(name, state);
    region.hidden = progress === '';
    setAttribute(region, 'lang', languageOf(name));
    setAttribute(region, 'aria-label', text('pitfall.output', { name: text(`scenario.${name}.name`) }));
    // (To ask for the position costs a layout.)
    if (region.firstChild.textContent === progress && region.lastChild.textContent === plot) return;
    const follows = region.scrollHeight - region.scrollTop - region.clientHeight < NEAR_END_PX;
    setText(region.firstChild, progress);
    setText(region.lastChild, plot);
    if (follows) region.scrollTop = region.scrollHeight;
}

// A row without a name has the names of the columns. (A narrow column breaks "new/old" after the slash.)
const makeRow = cells =>
    element(
        'tr',
        {},
        ...cells.map((cell, i) =>
            cells[0] && i > 0
                ? element('td', {}, cell)
                : element(cell ? 'th' : 'td', cell && { scope: i > 0 ? 'col' : 'row' }, cell.replaceAll('/', '/\u200b')),
        ),
    );

export function showConclusion(holder, name, state) {
    const { rows, sentences } = parse(name, state);
    const [table, said] = holder.children;
    setAttribute(holder, 'lang', languageOf(name));
    table.hidden = rows.length === 0;
    keepChildren(
        table.firstChild,
        rows.map(row => row.join('\t')),
        key => makeRow(key.split('\t')),
        () => {},
    );
    setText(said, sentences.join('\n').trim());
}
