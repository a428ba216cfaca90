// The states of a process, each with a shape of its own, so that no state is told by its colour alone.
// The colours are in page.css (--passing, …).
import { svg } from './dom.mjs';

// Each shape is drawn in a square of 16; "fill" is a filled part, "line" is drawn on top of it.
const SHAPES = {
    passing: { fill: 'M8 1a7 7 0 1 1 0 14a7 7 0 0 1 0-14z', line: 'M4.8 8.2l2.2 2.3l4.3-4.8' },
    warning: { fill: 'M8 1.2L15.4 14.4H.6z', line: 'M8 6v3.6M8 11.6v.6' },
    critical: { fill: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z', line: 'M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2' },
    maintenance: { fill: 'M8 .8L15.2 8L8 15.2L.8 8z', line: 'M6.3 5.6v4.8M9.7 5.6v4.8' },
    missing: {
        ring: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z',
        mark: 'M6.2 6.2a1.9 1.9 0 1 1 2.6 1.9q-.8.4-.8 1.3M8 11.4v.5',
        dashed: true,
    },
    ejected: { fill: 'M1.5 1.5h13v13h-13z', line: 'M5 11l5.6-5.6M6.4 5h4.4v4.4' },
    draining: {
        fill: 'M8 .8C11 4.6 13 7.3 13 10a5 5 0 0 1-10 0C3 7.3 5 4.6 8 .8z',
        line: 'M8 6.2v5M5.9 9.3L8 11.3l2.1-2',
    },
    hung: { fill: 'M8 1a7 7 0 1 1 0 14a7 7 0 0 1 0-14z', line: 'M6 5v6M10 5v6' },
    starting: { ring: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z', mark: 'M8 4.4V8l2.6 1.7' },
    gone: { ring: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z', mark: 'M3.6 12.4l8.8-8.8' },
    note: { fill: 'M8 4a4 4 0 1 1 0 8a4 4 0 0 1 0-8z', line: '' },
};

// An <svg> or, inside a picture, a <g>.
export function shape(state, tag = 'g') {
    const { fill, line, ring, mark, dashed } = SHAPES[state] ?? SHAPES.note;
    const attributes = { class: `shape shape-${state}` };
    if (tag === 'svg')
        Object.assign(attributes, { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' });
    const parts = [];
    if (fill) parts.push(svg('path', { d: fill, class: 'shape-fill' }));
    if (line) parts.push(svg('path', { d: line, class: 'shape-line' }));
    if (ring) parts.push(svg('path', { d: ring, class: dashed ? 'shape-ring shape-dashed' : 'shape-ring' }));
    if (mark) parts.push(svg('path', { d: mark, class: 'shape-mark' }));
    return svg(tag, attributes, ...parts);
}

const AS_STATE = {
    stopped: 'gone',
    ended: 'gone',
    killed: 'gone',
    removed: 'gone',
    hung: 'hung',
    continued: 'passing',
    draining: 'draining',
    started: 'starting',
    added: 'starting',
    passing: 'passing',
    back: 'passing',
    listed: 'passing',
    panic_over: 'passing',
    warning: 'warning',
    panic: 'warning',
    stale: 'warning',
    critical: 'critical',
    maintenance: 'maintenance',
    maintenance_over: 'passing',
    missing: 'missing',
    gone_from_list: 'missing',
    ejected: 'ejected',
};

// The shape for the code of a mark on the timeline.
export const shapeOfMark = code => AS_STATE[code] ?? 'note';
