// The connection to the program: server-sent events in, actions out. A lost connection is shown, and
// opened again after 1 s, 1.6 s, … at most 5 s. A hidden tab closes its connection, because a browser
// opens at most six to one server: a seventh tab would wait for ever.
import { addMark, addOutput, addSecond, setConnection, setHistory, setState, store } from './store.mjs';

const RETRY_MS = 1000;
const RETRY_MAX_MS = 5000;
// An event arrives each second, so this silence means that the connection is dead, though still open.
const SILENCE_MS = 6000;
const HIDDEN_MS = 5000;

let source = null;
let retryMs = RETRY_MS;
let retryTimer = 0;
let silenceTimer = 0;
let hiddenTimer = 0;

function close() {
    clearTimeout(retryTimer);
    clearTimeout(silenceTimer);
    source?.close();
    source = null;
}

function lose() {
    close();
    setConnection('lost');
    retryTimer = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 1.6, RETRY_MAX_MS);
}

function heard() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(lose, SILENCE_MS);
}

function receive(kind, take) {
    source.addEventListener(kind, event => {
        heard();
        take(JSON.parse(event.data));
        // (Only data proves that the program answers.)
        setConnection('open');
        retryMs = RETRY_MS;
    });
}

function open() {
    close();
    source = new EventSource('/api/events');
    receive('state', setState);
    receive('history', setHistory);
    receive('second', addSecond);
    receive('mark', addMark);
    receive('output', addOutput);
    source.onerror = lose;
    heard();
}

function onVisibility() {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(close, HIDDEN_MS);
    else if (!source) open();
}

export function connect() {
    document.addEventListener('visibilitychange', onVisibility);
    open();
}

export function reconnectNow() {
    if (store.connection === 'lost') open();
}

// Resolves to null, or to what went wrong: {status, code, detail}; status 0: no answer.
export async function act(action) {
    try {
        const reply = await fetch('/api/do', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(action),
        });
        if (reply.ok) return null;
        const problem = await reply.json().catch(() => ({}));
        return {
            status: reply.status,
            code: problem.code ?? '',
            detail: problem.detail ?? problem.title ?? reply.statusText,
        };
    } catch {
        return { status: 0, detail: '' };
    }
}
