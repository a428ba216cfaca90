// Recent calls as small arrows that fly from order-service to their instance, on a canvas above the picture.
// A second's calls are launched during the next second, at most 24 of them: at more, an arrow stands for
// several calls, in the same proportions. Without calls nothing runs; with "reduced motion" no arrow flies,
// and the thickness of the routes tells where the calls go.
import { byId } from './dom.mjs';
import { listen, store } from './store.mjs';

const LAUNCHES_MAX = 24; // a second
const FLIGHT_MS = 700;
const SLOW_FLIGHT_MS = 1500;
const FRAME_MS = 40;
const MANY = 12; // with more instances, a frame costs more and shows less
const MANY_FRAME_MS = 66;
const SAMPLES = 24;
const MARGIN = 8; // an arrow beside its route

const canvas = byId('calls');
const pen = canvas.getContext('2d');
const still = matchMedia('(prefers-reduced-motion: reduce)');

let tracks = new Map(); // id -> points along its route
let flights = []; // {track, begin, ms, kind}
let colours = {};
let timer = 0;

function readColours() {
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(
        ['ok', 'slow', 'failed'].map(kind => [kind, style.getPropertyValue(`--call-${kind}`).trim()]),
    );
}

// The canvas covers only where the routes are, because each frame is as expensive as the canvas is large.
function coverRoutes() {
    const all = [...tracks.values()].flat();
    if (all.length === 0) return;
    const [left, right] = [Math.min(...all.map(({ x }) => x)) - MARGIN, Math.max(...all.map(({ x }) => x)) + MARGIN];
    const [top, bottom] = [Math.min(...all.map(({ y }) => y)) - MARGIN, Math.max(...all.map(({ y }) => y)) + MARGIN];
    const scale = Math.min(devicePixelRatio || 1, 2);
    canvas.width = (right - left) * scale;
    canvas.height = (bottom - top) * scale;
    Object.assign(canvas.style, {
        left: `${left}px`,
        top: `${top}px`,
        width: `${right - left}px`,
        height: `${bottom - top}px`,
    });
    pen.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
}

// Reads each route once per layout, so that a frame only looks points up.
export function setRoutes(routes) {
    tracks = new Map(
        [...routes.children].map(path => {
            const length = path.getTotalLength();
            const points = Array.from({ length: SAMPLES + 1 }, (_, i) => path.getPointAtLength((length * i) / SAMPLES));
            return [path.dataset.key, points.map(({ x, y }) => ({ x, y }))];
        }),
    );
    flights = [];
    coverRoutes();
}

function clear() {
    pen.save();
    pen.resetTransform();
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.restore();
}

// The calls of a second: in their order if the program tells it, otherwise from the counts by instance.
function callsOf(second) {
    if (second.last) {
        const known = second.last.filter(([id]) => tracks.has(id));
        return known.map(([id, ms, status]) => ({
            id,
            kind: status === 0 || status >= 500 ? 'failed' : ms > 750 ? 'slow' : 'ok',
        }));
    }
    const calls = [];
    for (const [id, count] of Object.entries(second.by ?? {})) {
        const failed = Math.min(store.state?.nodes.find(node => node.id === id)?.failed ?? 0, count);
        for (let i = 0; i < count; i++) calls.push({ id, at: (i + 0.5) / count, kind: i < failed ? 'failed' : 'ok' });
    }
    return calls.sort((a, b) => a.at - b.at);
}

function launch() {
    const second = store.seconds.at(-1);
    if (!second || still.matches || document.hidden) return;
    const calls = callsOf(second);
    const step = Math.max(1, calls.length / LAUNCHES_MAX);
    const now = performance.now();
    for (let i = 0; i < calls.length; i += step) {
        const { id, kind } = calls[Math.floor(i)];
        if (!tracks.has(id)) continue;
        flights.push({
            track: tracks.get(id),
            begin: now + (1000 * i) / calls.length,
            ms: kind === 'slow' ? SLOW_FLIGHT_MS : FLIGHT_MS,
            kind,
        });
    }
    if (flights.length > 0 && timer === 0) {
        readColours();
        timer = setTimeout(nextFrame, frameMs());
    }
}

function drawArrow({ track, begin, ms, kind }, now) {
    const part = (now - begin) / ms;
    const at = Math.min(part, 1) * SAMPLES;
    const i = Math.min(Math.floor(at), SAMPLES - 1);
    const [from, to] = [track[i], track[i + 1]];
    const x = from.x + (to.x - from.x) * (at - i);
    const y = from.y + (to.y - from.y) * (at - i);
    pen.save();
    pen.translate(x, y);
    pen.rotate(Math.atan2(to.y - from.y, to.x - from.x));
    pen.fillStyle = colours[kind];
    pen.strokeStyle = colours[kind];
    pen.beginPath();
    if (kind === 'failed' && part > 0.8) {
        pen.lineWidth = 2.5;
        pen.moveTo(-5, -5);
        pen.lineTo(5, 5);
        pen.moveTo(-5, 5);
        pen.lineTo(5, -5);
        pen.stroke();
    } else {
        pen.moveTo(6, 0);
        pen.lineTo(-5, -4.5);
        pen.lineTo(-2, 0);
        pen.lineTo(-5, 4.5);
        pen.fill();
    }
    pen.restore();
}

function frame() {
    const now = performance.now();
    clear();
    flights = flights.filter(flight => now < flight.begin + flight.ms + (flight.kind === 'failed' ? 250 : 0));
    for (const flight of flights) if (now >= flight.begin) drawArrow(flight, now);
    timer = flights.length > 0 ? setTimeout(nextFrame, frameMs()) : 0;
}

const frameMs = () => (tracks.size > MANY ? MANY_FRAME_MS : FRAME_MS);
const nextFrame = () => requestAnimationFrame(frame);

export function startCalls() {
    listen(['seconds'], launch);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', readColours);
}
