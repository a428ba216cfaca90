// The three sheets of controls: break it, scenarios, settings. Arrow keys move between the tabs.
import { setAttribute } from './dom.mjs';

export function startTabs() {
    const tabs = [...document.querySelectorAll('[role="tab"]')];
    const choose = chosen => {
        for (const tab of tabs) {
            setAttribute(tab, 'aria-selected', tab === chosen ? 'true' : 'false');
            setAttribute(tab, 'tabindex', tab === chosen ? 0 : -1);
            document.getElementById(tab.getAttribute('aria-controls')).hidden = tab !== chosen;
        }
    };
    tabs.forEach((tab, i) => {
        tab.addEventListener('click', () => choose(tab));
        tab.addEventListener('keydown', event => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!step) return;
            event.preventDefault();
            const next = tabs[(i + step + tabs.length) % tabs.length];
            choose(next);
            next.focus();
        });
    });
}
