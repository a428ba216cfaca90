// The page's language: the browser's, until the reader switches it; the choice is kept in the browser.
// Elements with the attribute data-text get their text from here; other parts call text() and listen to 'language'.
import { english } from './text-en.mjs';
import { chinese } from './text-zh.mjs';
import { changed } from './store.mjs';
import { setAttribute, setText } from './dom.mjs';

const KEY = 'playground-language';
const tables = { en: english, zh: chinese };
const preferred = () =>
    ((navigator.languages ?? [navigator.language])[0] ?? 'en').toLowerCase().startsWith('zh') ? 'zh' : 'en';

// (Storage may be switched off.)
export function remember(key, value) {
    try {
        localStorage.setItem(key, value);
    } catch {
        /* the choice lasts for this visit */
    }
}
export function recall(key) {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

let language = tables[recall(KEY)] ? recall(KEY) : preferred();

export const currentLanguage = () => language;
export const hasText = key => key in english;

// Fills {name} in; an unknown key is returned as it is.
export function text(key, values = {}) {
    const template = tables[language][key] ?? english[key] ?? key;
    return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function translateDocument() {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.title = text('title');
    for (const node of document.querySelectorAll('[data-text]')) setText(node, text(node.dataset.text));
    for (const node of document.querySelectorAll('[data-label]'))
        setAttribute(node, 'aria-label', text(node.dataset.label));
}

export function switchLanguage() {
    language = language === 'zh' ? 'en' : 'zh';
    remember(KEY, language);
    translateDocument();
    changed('language');
}
