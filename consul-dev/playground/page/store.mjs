// All that the page knows: the newest state, two minutes of seconds and marks, the connection, and the
// process that the reader has selected. Parts of the page listen to one kind of change; they run once
// in the next frame, however often it changed, and not at all in a hidden tab.

export const HISTORY_S = 120;
const MARKS_MAX = 200;

export const store = {
    state: null,
    receivedMs: 0, // when the state arrived, by performance.now()
    seconds: [],
    marks: [],
    outputs: new Map(), // scenario -> {printed, language}
    connection: 'connecting', // connecting, open, lost
    selected: 'consul', // the id of a node
};

const listeners = new Map(); // kind -> functions
const dirty = new Set();
let isScheduled = false;

function run() {
    isScheduled = false;
    const kinds = [...dirty];
    dirty.clear();
    const wanted = new Set(kinds.flatMap(kind => listeners.get(kind) ?? []));
    for (const listener of wanted) listener();
}

// kinds: any of state, seconds, marks, output, connection, selected, language
export function listen(kinds, listener) {
    for (const kind of kinds) listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
}

export function changed(kind) {
    dirty.add(kind);
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(run);
}

export function setState(state) {
    store.state = state;
    store.receivedMs = performance.now();
    if (state.nodes.length > 0 && !state.nodes.some(node => node.id === store.selected)) select(state.nodes[0].id);
    changed('state');
}

export function setHistory({ seconds, marks }) {
    store.seconds = seconds.slice(-HISTORY_S);
    store.marks = marks.slice(-MARKS_MAX);
    changed('seconds');
    changed('marks');
}

export function addSecond(second) {
    store.seconds = [...store.seconds.filter(old => old.t > second.t - HISTORY_S && old.t < second.t), second];
    changed('seconds');
}

export function addMark(mark) {
    if (store.marks.some(old => old.id === mark.id)) return;
    store.marks = [...store.marks, mark].slice(-MARKS_MAX);
    changed('marks');
}

// Its new lines; at 0 it begins anew.
export function addOutput({ name, language, at, text }) {
    const before = at > 0 ? (store.outputs.get(name)?.printed ?? '') : '';
    store.outputs.set(name, { printed: before + text, language });
    changed('output');
}

export function setConnection(connection) {
    if (store.connection === connection) return;
    store.connection = connection;
    changed('connection');
}

export function select(id) {
    if (store.selected === id) return;
    store.selected = id;
    changed('selected');
}

export const findNode = id => store.state?.nodes.find(node => node.id === id) ?? null;
export const instances = () => store.state?.nodes.filter(node => node.kind === 'user-service') ?? [];
export const isReadOnly = () => store.state?.mode !== 'control';
export const isResetting = () => store.state?.resetting ?? false;
export const runningScenario = () => (store.state?.scenario?.state === 'running' ? store.state.scenario.name : null);
