// The settings of order-service, a further instance, and "put everything back".
import { byId, isEnabled, setAttribute, setEnabled, setText } from './dom.mjs';
import { text } from './language.mjs';
import { send, whyBusy } from './actions.mjs';
import { isReadOnly, isResetting, listen, store } from './store.mjs';

const policy = byId('policy');
const ttl = byId('ttl');
const slowStart = byId('slow-start');
const backup = byId('backup');
const canary = byId('canary'); // empty: off
let shownFor = '';

const values = form => Object.fromEntries(new FormData(form));

// Shows the program's settings when they change, not while the reader chooses others.
function show() {
    if (!store.state) return;
    const { settings } = store.state;
    const now = JSON.stringify(settings);
    if (settings && now !== shownFor) {
        shownFor = now;
        policy.value = settings.policy;
        ttl.value = settings.ttl_s;
        slowStart.value = settings.slow_start_s;
        backup.value = settings.backup_ms;
        canary.value = settings.canary_percent ?? '';
    }
    setAttribute(canary, 'placeholder', text('settings.canaryOff'));
    setText(byId('policy-idea'), text(`policy.${policy.value}`));
    const why = whyBusy();
    // ("Put everything back" also ends a scenario.)
    setEnabled(byId('reset'), !isReadOnly() && !isResetting(), why);
    for (const id of ['settings-apply', 'add-button']) setEnabled(byId(id), why === '', why);
    byId('readonly').hidden = !isReadOnly();
}

export function startSettings() {
    byId('settings-form').addEventListener('submit', event => {
        event.preventDefault();
        if (isEnabled(byId('settings-apply')))
            send({
                action: 'settings',
                policy: policy.value,
                ttl_s: Number(ttl.value),
                slow_start_s: Number(slowStart.value),
                backup_ms: Number(backup.value),
                canary_percent: canary.value === '' ? null : Number(canary.value),
            });
    });
    byId('add-form').addEventListener('submit', event => {
        event.preventDefault();
        const { weight, zone, version } = values(event.target);
        if (isEnabled(byId('add-button'))) send({ action: 'add', weight: Number(weight), zone, version });
    });
    byId('reset').addEventListener('click', () => isEnabled(byId('reset')) && send({ action: 'reset' }));
    policy.addEventListener('change', show);
    listen(['state', 'language'], show);
}
